import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";

/** uint8 RGB bytes of square images to [B, side, side, 3] in [-1, 1]. */
export function imageTensor(rgb: Uint8Array, side: number): Tensor4D {
  const values = new Float32Array(rgb.length);
  for (let i = 0; i < rgb.length; i++) values[i] = (rgb[i] ?? 0) / 127.5 - 1;
  return tf.tensor4d(values, [rgb.length / (side * side * 3), side, side, 3]);
}

/** Images [B, H, W, 3] in [-1, 1] to uint8 bytes, rounded and clamped as the reference saves them. */
export async function imageBytes(images: Tensor4D): Promise<Uint8Array> {
  const values = await images.data<"float32">();
  return Uint8Array.from(values, (x) => Math.min(255, Math.max(0, Math.round((x + 1) * 127.5))));
}
