import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { disposeBatch, TINY_OPTIONS, tinyBatch, tinyValues } from "../../../test/tinyRun";
import { createTrainState, disposeState } from "../../engine/training/trainState";
import { sliceBatch } from "../../engine/training/trainBatch";
import { trainStep } from "../../engine/training/trainStep";
import { gradientConflictAt } from "./gradientConflict";

function trainedState() {
  let state = createTrainState(tinyValues());
  const batch = tinyBatch();
  for (let i = 0; i < 3; i++) {
    const next = trainStep(state, batch, TINY_OPTIONS);
    next.logged.dispose();
    state = next.state;
  }
  disposeBatch(batch);
  return state;
}

test("a cosine for each block up to the aligned one; behind it no alignment gradient, which is not 0", async () => {
  const state = trainedState();
  const batch = tinyBatch();
  const before = tf.memory().numTensors;
  const { blocks, embedders, ...counts } = await gradientConflictAt(
    state.params,
    batch,
    TINY_OPTIONS, // depth 1 of 2
  );
  expect(counts).toEqual({ imageCount: 3, batchSize: 3 });
  expect(blocks).toHaveLength(2);
  for (const group of [blocks[0], embedders]) {
    expect(Math.abs(group?.cosine ?? NaN)).toBeLessThanOrEqual(1);
    expect(group?.velocityNorm).toBeGreaterThan(0);
    expect(group?.alignmentNorm).toBeGreaterThan(0);
  }
  expect(blocks[1]).toMatchObject({ cosine: null, alignmentNorm: null });
  expect(blocks[1]?.velocityNorm).toBeGreaterThan(0);
  expect(tf.memory().numTensors).toBe(before);
  disposeState(state);
  disposeBatch(batch);
});

test("with micro-batches it is that of the first of them, and says so", async () => {
  const state = trainedState();
  const batch = tinyBatch();
  const first = sliceBatch(batch, 0, 1);
  const part = await gradientConflictAt(state.params, batch, { ...TINY_OPTIONS, microBatch: 1 });
  const alone = await gradientConflictAt(state.params, first, TINY_OPTIONS);
  expect(part).toEqual({ ...alone, imageCount: 1, batchSize: 3 });
  disposeState(state);
  disposeBatch(batch);
  disposeBatch(first);
});
