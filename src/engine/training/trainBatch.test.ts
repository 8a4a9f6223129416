import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { tinyBatch } from "../../../test/tinyRun";
import { disposeBatch, microBatches } from "./trainBatch";

const numbers = (x: tf.Tensor) => [...x.dataSync()];

test("micro-batches joined again are the batch: latents, noise, times, labels and every encoder's features", () => {
  const before = tf.memory().numTensors;
  const batch = tinyBatch(2);
  const parts = microBatches(batch, 1);
  expect(parts).toHaveLength(3);
  expect(parts.map((part) => part.latents.shape)).toEqual(Array(3).fill([1, 4, 4, 2]));
  expect(parts.map((part) => part.features.map((x) => x.shape))).toEqual(
    Array(3).fill([
      [1, 4, 6],
      [1, 4, 6],
    ]),
  );
  expect(parts.flatMap((part) => numbers(part.latents))).toEqual(numbers(batch.latents));
  expect(parts.flatMap((part) => numbers(part.noise))).toEqual(numbers(batch.noise));
  expect(parts.flatMap((part) => [...part.t])).toEqual([...batch.t]);
  expect(parts.flatMap((part) => [...part.labels])).toEqual([...batch.labels]);
  batch.features.forEach((features, i) => {
    expect(parts.flatMap((part) => part.features[i] && numbers(part.features[i]))).toEqual(
      numbers(features),
    );
  });
  for (const part of [...parts, batch]) disposeBatch(part);
  expect(tf.memory().numTensors).toBe(before);
});

test("a micro-batch of the whole batch is the batch, and one that leaves a rest is refused", () => {
  const batch = tinyBatch();
  const [whole, ...rest] = microBatches(batch, 3);
  expect(rest).toEqual([]);
  expect(whole && numbers(whole.noise)).toEqual(numbers(batch.noise));
  expect(() => microBatches(batch, 2)).toThrow(
    "A batch of 3 does not divide into micro-batches of 2.",
  );
  if (whole) disposeBatch(whole);
  disposeBatch(batch);
});
