import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor4D } from "@tensorflow/tfjs-core";
import type { InMemoryDataset } from "./inMemory";
import { randomNormal, randomPermutation, randomUniform } from "../../src/common/math/rng";
import {
  decode,
  encodeLogvar,
  type AutoencoderKlConfig,
} from "../../src/engine/models/autoencoderKl";
import { initAutoencoderKl } from "../../src/engine/models/autoencoderKlInit";
import type { Recipe } from "./trainer";

/** 64 px to 16x16x4. The scaling factor is measured after training. */
export const TINY_KL: AutoencoderKlConfig = {
  blockOutChannels: [16, 32, 64],
  layersPerBlock: 1,
  normNumGroups: 8,
  latentChannels: 4,
  scalingFactor: 1,
};

/** Three steps of four see crops, for more updates; every fourth sees whole tiles, as it is used. */
const CROPS = { count: 16, side: 32 } as const;
const TILES = { count: 4, side: 64 } as const;
const WHOLE_EVERY = 4;
const L1_WEIGHT = 0.1;
const KL_WEIGHT = 3e-4;

export const AUTOENCODER_BATCH = `${CROPS.count} crops of ${CROPS.side} px, every fourth step ${TILES.count} whole tiles`;
export const AUTOENCODER_OBJECTIVE = `mean squared error + ${L1_WEIGHT} mean absolute error (in [-1, 1]) + ${KL_WEIGHT} mean KL a latent element`;

/** Random crops (mirrored half the time) of random training images, in [-1, 1]: [count, side, side, 3]. */
export function cropBatch(data: InMemoryDataset, seed: number, step: number): Tensor4D {
  const { count, side } = step % WHOLE_EVERY === WHOLE_EVERY - 1 ? TILES : CROPS;
  const size = data.resolution;
  const draws = randomUniform({ seed, stream: "pretrain/crop", index: step }, 4 * count);
  const pick = (row: number, which: number) => draws[4 * row + which] ?? 0;
  const images = Array.from(
    { length: count },
    (_, row) => data.trainIndices[Math.floor(pick(row, 0) * data.trainIndices.length)] ?? 0,
  );
  const rgb = data.pixels(images);
  const out = new Float32Array(count * side * side * 3);
  for (let row = 0; row < count; row++) {
    const top = Math.floor(pick(row, 1) * (size - side + 1));
    const left = Math.floor(pick(row, 2) * (size - side + 1));
    const mirrored = pick(row, 3) < 0.5;
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const from = ((row * size + top + y) * size + left + (mirrored ? side - 1 - x : x)) * 3;
        const to = ((row * side + y) * side + x) * 3;
        for (let c = 0; c < 3; c++) out[to + c] = (rgb[from + c] ?? 0) / 127.5 - 1;
      }
    }
  }
  return tf.tensor4d(out, [count, side, side, 3]);
}

/** mean over elements of (mean² + var - 1 - logvar) / 2. */
const meanKl = (mean: Tensor4D, logvar: Tensor4D): Scalar =>
  tf.mul<Scalar>(tf.mean(tf.sub(tf.sub(tf.add(tf.square(mean), tf.exp(logvar)), 1), logvar)), 0.5);

export function autoencoderRecipe(data: InMemoryDataset, steps: number, seed: number): Recipe {
  return {
    name: "tiny-kl",
    steps,
    peakLearningRate: 2e-3,
    warmupSteps: 100,
    weightDecay: 0,
    initialParams: () => initAutoencoderKl(TINY_KL, seed),
    loss: (params, step) => {
      const images = cropBatch(data, seed, step);
      const { mean, logvar } = encodeLogvar(params, TINY_KL, images);
      const noise = tf.tensor4d(
        randomNormal({ seed, stream: "pretrain/posterior", index: step }, mean.size),
        mean.shape,
      );
      const latents: Tensor4D = tf.add(mean, tf.mul(tf.exp(tf.mul(logvar, 0.5)), noise));
      const error = tf.sub(decode(params, TINY_KL, latents), images);
      const mse: Scalar = tf.mean(tf.square(error));
      const l1: Scalar = tf.mean(tf.abs(error));
      const kl = meanKl(mean, logvar);
      const total = tf.add<Scalar>(mse, tf.add(tf.mul(l1, L1_WEIGHT), tf.mul(kl, KL_WEIGHT)));
      return { total, parts: { mse, l1, kl } };
    },
  };
}

/** A permutation's first `count` training images: a fixed sample to measure on. */
export const sampleTrain = (data: InMemoryDataset, count: number): number[] =>
  Array.from(randomPermutation({ seed: 0, stream: "pretrain/sample" }, data.trainIndices.length))
    .slice(0, count)
    .map((position) => data.trainIndices[position] ?? 0);
