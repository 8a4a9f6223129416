import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { disposeBatch, TINY_OPTIONS, tinyBatch, tinyValues } from "../../test/tinyRun";
import { createTrainState, disposeState, type TrainState } from "./trainState";
import { trainStep, type TrainBatch } from "./trainStep";

/** Steps whose numbers are read each time, so that the queue of a slow adapter stays short. */
async function steps(start: TrainState, batch: TrainBatch, count: number): Promise<TrainState> {
  let state = start;
  for (let i = 0; i < count; i++) {
    const { state: next, logged } = trainStep(state, batch, TINY_OPTIONS);
    await logged.data();
    logged.dispose();
    state = next;
  }
  return state;
}

async function parametersAfter(count: number): Promise<Record<string, number[]>> {
  const batch = tinyBatch();
  const state = await steps(createTrainState(tinyValues()), batch, count);
  const values: Record<string, number[]> = {};
  for (const [name, tensor] of Object.entries(state.params))
    values[name] = [...(await tensor.data())];
  disposeState(state);
  disposeBatch(batch);
  return values;
}

test("two runs with one seed give bitwise equal parameters after 20 steps on WebGPU", async () => {
  const [first, second] = [await parametersAfter(20), await parametersAfter(20)];
  expect(second).toEqual(first);
  expect(Object.values(first).flat().every(Number.isFinite)).toBe(true);
});

test("200 steps on WebGPU leak nothing: tensors and GPU bytes are flat after warm-up", async () => {
  const WARM_UP = 10;
  const batch = tinyBatch();
  let state = await steps(createTrainState(tinyValues()), batch, WARM_UP);
  const gpuBytes = () => (tf.memory() as tf.MemoryInfo & { numBytesInGPU: number }).numBytesInGPU;
  const before = { tensors: tf.memory().numTensors, bytes: gpuBytes() };
  expect(before.bytes).toBeGreaterThan(0);
  for (let round = 0; round < 5; round++) {
    state = await steps(state, batch, 40);
    expect({ tensors: tf.memory().numTensors, bytes: gpuBytes() }).toEqual(before);
  }
  disposeState(state);
  disposeBatch(batch);
});
