import { readFile } from "node:fs/promises";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { ENCODER_ROWS, encoderRow } from "../../common/catalogue/encoders";
import { randomUniform } from "../../common/math/rng";
import { loadAutoencoder } from "./loadAutoencoder";
import { loadEncoder } from "./loadEncoder";
import { AutoencoderCard, EncoderCard, parseCard } from "./modelCard";
import { builtInOnly } from "./modelSources";

const readModel = (name: string) =>
  readFile(`public/models/${name}`).then((bytes) => new Uint8Array(bytes));
const encoderCard = async () =>
  parseCard(EncoderCard, "tiny-vit.json", await readModel("tiny-vit.json"));

const randomImages = (batch: number): Tensor4D => {
  const values = randomUniform({ seed: 1, stream: "test/images" }, batch * 64 * 64 * 3);
  return tf.tensor4d(
    values.map((u) => 2 * u - 1),
    [batch, 64, 64, 3],
  );
};

test("the trained encoder's row is its card's: shape, and the file in the version, so that new weights miss old caches", async () => {
  const card = await encoderCard();
  expect(encoderRow("tiny-vit").vit).toEqual(card.config);
  expect(encoderRow("tiny-vit").version).toMatch(new RegExp(`-${card.sha256.slice(0, 8)}$`));
});

const BUILT_IN = ENCODER_ROWS.flatMap(({ id, weights }) => (weights.kind === "hub" ? [] : [id]));

test.each(BUILT_IN)("%s gives tokens of the catalogue's width on any grid", async (id) => {
  const encoder = await loadEncoder(id, builtInOnly(readModel));
  const before = tf.memory().numTensors;
  for (const grid of [4, 8]) {
    tf.tidy(() => {
      const tokens = encoder.encode(randomImages(2), grid);
      expect(tokens.shape).toEqual([2, grid * grid, encoderRow(id).width]);
      const values = tokens.dataSync();
      expect(values.every(Number.isFinite)).toBe(true);
      expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.01);
    });
  }
  expect(tf.memory().numTensors - before).toBeLessThanOrEqual(1); // the resampled position table
  encoder.dispose();
});

test("an encoder disposes all it made", async () => {
  const before = tf.memory().numTensors;
  const encoder = await loadEncoder("tiny-vit", builtInOnly(readModel));
  tf.tidy(() => {
    encoder.encode(randomImages(1), 4);
  });
  encoder.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("training moved the encoder away from its untrained twin", async () => {
  const [trained, untrained] = await Promise.all([
    loadEncoder("tiny-vit", builtInOnly(readModel)),
    loadEncoder("tiny-vit-untrained", builtInOnly(readModel)),
  ]);
  tf.tidy(() => {
    const [a, b] = [trained, untrained].map((encoder) => encoder.encode(randomImages(1), 8));
    expect(a && b && tf.mean(tf.abs(tf.sub(a, b))).dataSync()[0]).toBeGreaterThan(0.1);
  });
  [trained, untrained].forEach((encoder) => encoder.dispose());
});

test("latents through the scaling factor are of unit size, and decode to the picture", async () => {
  const autoencoder = await loadAutoencoder("tiny-kl", 64, builtInOnly(readModel));
  expect([autoencoder.side, autoencoder.channels]).toEqual([16, 4]);
  tf.tidy(() => {
    const flat = tf.fill<tf.Rank.R4>([1, 64, 64, 3], 1); // white paper
    const { mean, std } = autoencoder.encodeMoments(flat);
    expect(mean.shape).toEqual([1, 16, 16, 4]);
    expect(Math.min(...std.dataSync())).toBeGreaterThan(0);
    const error = tf.mean(tf.abs(tf.sub(autoencoder.decode(mean), flat))).dataSync()[0];
    expect(error).toBeLessThan(0.1);
  });
  autoencoder.dispose();
});

test("pixels are their own latents", async () => {
  const autoencoder = await loadAutoencoder("pixels", 64, builtInOnly(readModel));
  tf.tidy(() => {
    const images = randomImages(1);
    const { mean, std } = autoencoder.encodeMoments(images);
    expect(autoencoder.decode(mean).dataSync()).toEqual(images.dataSync());
    expect(Math.max(...std.dataSync())).toBe(0);
  });
});

test("a changed byte, a missing field and a truncated file are refused by name", async () => {
  const damaged = async (name: string) => {
    const bytes = await readModel(name);
    if (name.endsWith(".safetensors")) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    return bytes;
  };
  await expect(loadEncoder("tiny-vit", builtInOnly(damaged))).rejects.toMatchObject({
    code: "CHECKSUM_MISMATCH",
    message: expect.stringContaining("tiny-vit.safetensors") as string,
  });
  const truncated = (name: string) =>
    readModel(name).then((bytes) =>
      name.endsWith(".safetensors") ? bytes.subarray(0, 1000) : bytes,
    );
  await expect(loadAutoencoder("tiny-kl", 64, builtInOnly(truncated))).rejects.toMatchObject({
    code: "CHECKSUM_MISMATCH",
  });
  const card = { ...(await encoderCard()), config: undefined };
  const bytes = new TextEncoder().encode(JSON.stringify(card));
  expect(() => parseCard(EncoderCard, "tiny-vit.json", bytes)).toThrow(/tiny-vit.json.*config/);
});

test("both files stay below 2 MB, and no card is without figures", async () => {
  const cards = [
    await encoderCard(),
    parseCard(AutoencoderCard, "tiny-kl.json", await readModel("tiny-kl.json")),
  ];
  for (const card of cards) {
    expect((await readModel(card.file)).length).toBe(card.bytes);
    expect(card.bytes).toBeLessThan(2 ** 21);
    expect(card.quality.rows.length).toBeGreaterThan(1);
  }
});
