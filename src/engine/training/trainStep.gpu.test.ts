import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  disposeBatch,
  TINY_OPTIONS,
  TINY_SHAPE,
  tinyBatch,
  tinyValues,
} from "../../../test/tinyRun";
import { createTrainState, disposeState, type TrainState } from "./trainState";
import { trainStep, type TrainBatch } from "./trainStep";

/** One block: a software adapter pays for every dispatch, whatever its size. */
const shape = { ...TINY_SHAPE, depth: 1 };
const WARM_UP = 5;

/** Steps whose numbers are read each time, so that the queue of a slow adapter stays short. */
async function steps(start: TrainState, batch: TrainBatch, count: number): Promise<TrainState> {
  let state = start;
  for (let i = 0; i < count; i++) {
    const { state: next, logged } = trainStep(state, batch, { ...TINY_OPTIONS, shape });
    expect((await logged.data()).every(Number.isFinite)).toBe(true);
    logged.dispose();
    state = next;
  }
  return state;
}

test("200 steps on WebGPU leak nothing: tensors and GPU bytes are flat after warm-up", async () => {
  const batch = tinyBatch();
  let state = await steps(createTrainState(tinyValues(shape)), batch, WARM_UP);
  const held = () => {
    const memory = tf.memory() as tf.MemoryInfo & { numBytesInGPU: number };
    return { tensors: memory.numTensors, gpuBytes: memory.numBytesInGPU };
  };
  const before = held();
  expect(before.gpuBytes).toBeGreaterThan(0);
  for (let round = 0; round < 5; round++) {
    state = await steps(state, batch, 40);
    expect(held()).toEqual(before);
  }
  disposeState(state);
  disposeBatch(batch);
}, 600_000);
