import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { builtInOnly } from "../../src/engine/encoders/modelSources";
import { loadAutoencoder } from "../../src/engine/encoders/loadAutoencoder";
import { loadEncoder } from "../../src/engine/encoders/loadEncoder";
import { float32ToHalf } from "../../src/common/math/half";
import { imageTensor } from "../../src/sessions/common/images";
import { rowsInMemory, type BatchSource, type CachedRows } from "../../src/engine/training/batch";
import { loadImages, MODELS_DIR, readFrom } from "../pretrain/runtime";

const CHUNK = 16;
/** Tokens a side of SiT-Nano on the built-in latents. */
const GRID = 8;

/** Training images as a run reads them from its caches. */
export interface PrecisionImages {
  readonly source: BatchSource;
  /** tiny-vit tokens by image. */
  readonly features: CachedRows;
}

/** The first `count` training images through the autoencoder and the encoder, on the backend in force. */
export async function readImages(count: number): Promise<PrecisionImages> {
  const dataset = await loadImages();
  const readModel = readFrom(MODELS_DIR);
  const autoencoder = await loadAutoencoder("tiny-kl", dataset.resolution, builtInOnly(readModel));
  const encoder = await loadEncoder("tiny-vit", builtInOnly(readModel));
  const numbers = dataset.trainIndices.slice(0, count);

  const rowsOf = async (make: (images: Tensor4D) => Tensor): Promise<CachedRows> => {
    const parts: Uint16Array[] = [];
    for (let first = 0; first < numbers.length; first += CHUNK) {
      const rgb = dataset.pixels(numbers.slice(first, first + CHUNK));
      const rows = tf.tidy(() => make(imageTensor(rgb, dataset.resolution)));
      parts.push(float32ToHalf(await rows.data<"float32">()));
      rows.dispose();
    }
    const values = Uint16Array.from(parts.flatMap((part) => [...part]));
    return { values, rowLength: values.length / numbers.length };
  };
  const latents = await rowsOf((images) => {
    const { mean, std } = autoencoder.encodeMoments(images);
    const flat = (x: Tensor4D) => tf.reshape(x, [images.shape[0], -1]);
    return tf.concat([flat(mean), flat(std)], 1);
  });
  const features = await rowsOf((images) => encoder.encode(images, GRID));
  autoencoder.dispose();
  encoder.dispose();
  return {
    source: {
      latents: rowsInMemory(latents),
      latentScale: autoencoder.scalingFactor,
      trainImages: Uint32Array.from(numbers, (_, i) => i),
      labels: Int32Array.from(numbers, (image) => dataset.labelOf(image)),
      nullLabel: dataset.classNames.length,
    },
    features,
  };
}
