import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { INCEPTION_V3 } from "../../common/catalogue/inceptionV3";
import { resampled } from "./preprocess";

/**
 * TensorFlow 1's bilinear enlargement as a matrix [to, from]: place i reads at i from / to, which is neither half a
 * pixel off nor aligned at both corners, and beyond the last pixel that one is repeated. It never antialiases.
 * @source tf.image.resize_bilinear (align_corners=False, half_pixel_centers=False)
 */
export function tf1BilinearMatrix(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const at = (i * from) / to;
    const low = Math.floor(at);
    const high = Math.min(low + 1, from - 1);
    const share = at - low;
    matrix[i * from + low] = (matrix[i * from + low] ?? 0) + 1 - share;
    matrix[i * from + high] = (matrix[i * from + high] ?? 0) + share;
  }
  return matrix;
}

/**
 * Images [B, S, S, 3] in [-1, 1], made of bytes, to Inception's input [B, 299, 299, 3]: resized as bytes by the law
 * "tf1-bilinear", then (p - 128) / 128. This is what the FID graph does by itself (TTUR, ADM's evaluator) and
 * torch-fidelity after it; pytorch-fid resizes with half-pixel centres and divides by 127.5.
 * @source toshas/torch-fidelity feature_extractor_inceptionv3.py
 */
export function inceptionInput(images: Tensor4D): Tensor4D {
  const [, from] = images.shape;
  const { side } = INCEPTION_V3;
  return tf.tidy(() => {
    const matrix = tf.tensor3d(tf1BilinearMatrix(from, side), [1, side, from]);
    const placed = from === side ? images : resampled(images, matrix);
    // p = 127.5 (x + 1)
    return tf.add<Tensor4D>(tf.mul(placed, 127.5 / 128), -0.5 / 128);
  });
}
