import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import type { AutoencoderArchitecture } from "../catalogue/autoencoders";
import { decode, encodeMoments } from "../../engine/models/autoencoderKl";
import { initAutoencoderKl } from "../../engine/models/autoencoderKlInit";
import { taesdDecode, taesdEncode, taesdShapes } from "../../engine/models/taesd";
import type { ParamMap } from "../../engine/nn/params";
import { autoencoderRow } from "../catalogue/autoencoders";
import {
  AUTOENCODER_BOUND_BYTES,
  chunkSize,
  decodeMemory,
  encodeMemory,
  imagesAtOnce,
} from "./autoencoderMemory";

/** Most bytes alive during `pass` that were not alive before, with the input's own. */
async function measured(input: Tensor4D, pass: () => tf.TensorContainer): Promise<number> {
  const before = tf.memory().numBytes;
  const { peakBytes } = await tf.profile(() => tf.tidy(pass));
  return peakBytes - before + input.size * 4;
}

const KL: AutoencoderArchitecture = {
  kind: "kl",
  blockOutChannels: [8, 16, 32],
  layersPerBlock: 2,
  normNumGroups: 4,
};
const TAESD: AutoencoderArchitecture = { kind: "taesd", width: 16 };

async function compare(
  counted: { peakBytes: number },
  input: Tensor4D,
  pass: () => tf.TensorContainer,
) {
  const bytes = await measured(input, pass);
  expect(bytes).toBeGreaterThanOrEqual(counted.peakBytes);
  // tfjs counts a tensor again when it is looked at in another shape, which costs no memory
  expect(bytes).toBeLessThanOrEqual(counted.peakBytes * 1.17);
}

test.each([
  [1, 32],
  [3, 64],
])("AutoencoderKL's bytes are those measured, %d images of %d px", async (images, resolution) => {
  const config = { ...KL, latentChannels: 4, scalingFactor: 1 };
  const row = { architecture: KL, latentChannels: 4, factor: 4 };
  const params = initAutoencoderKl(config, 0);
  const x = tf.zeros<tf.Rank.R4>([images, resolution, resolution, 3]);
  const z = tf.zeros<tf.Rank.R4>([images, resolution / 4, resolution / 4, 4]);
  await compare(encodeMemory(row, images, resolution), x, () => ({
    ...encodeMoments(params, config, x),
  }));
  await compare(decodeMemory(row, images, resolution), z, () => decode(params, config, z));
  tf.dispose([x, z, ...Object.values(params)]);
});

test("TAESD's bytes are those measured", async () => {
  const config = { width: 16, latentChannels: 4 };
  const row = { architecture: TAESD, latentChannels: 4, factor: 8 };
  const params: ParamMap = Object.fromEntries(
    [...taesdShapes(config)].map(([name, shape]) => [name, tf.zeros([...shape])]),
  );
  const x = tf.zeros<tf.Rank.R4>([2, 64, 64, 3]);
  const z = tf.zeros<tf.Rank.R4>([2, 8, 8, 4]);
  await compare(encodeMemory(row, 2, 64), x, () => {
    const unit = tf.tidy(() => tf.add<Tensor4D>(tf.mul(x, 0.5), 0.5));
    const mean = taesdEncode(params, config, unit);
    return { mean, std: tf.zerosLike(mean) };
  });
  await compare(decodeMemory(row, 2, 64), z, () =>
    tf.sub(tf.mul(taesdDecode(params, config, z), 2), 1),
  );
  tf.dispose([x, z, ...Object.values(params)]);
});

test("256 px images pass an SD-VAE within the bound, weights included, several at once", () => {
  const row = autoencoderRow("sd-vae-ft-mse");
  const images = imagesAtOnce(row, 256);
  expect(images).toBeGreaterThan(1);
  for (const memory of [encodeMemory, decodeMemory] as const) {
    const { pooledBytes } = memory(row, images, 256);
    expect(pooledBytes + 4 * row.parameters).toBeLessThan(AUTOENCODER_BOUND_BYTES);
  }
});

test("fewer images at once where less may be taken, never none", () => {
  const row = autoencoderRow("sd-vae-ft-mse");
  const sizes = [1e6, 1e9, 2e9, 1e12].map((bytes) => chunkSize(row, 256, bytes));
  expect(sizes[0]).toBe(1);
  expect([...sizes].sort((a, b) => a - b)).toEqual(sizes);
  expect(sizes[3]).toBe(32);
});
