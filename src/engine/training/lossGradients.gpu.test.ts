import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { smallTiles, stateNumbers } from "../../../test/deviceRun";
import { disposeBatch, TINY_OPTIONS, tinyBatchAt, tinyValues } from "../../../test/tinyRun";
import { createDeviceTrainer } from "./deviceTrainer";
import { lossGradientProducts } from "./lossGradients";
import { createTrainState } from "./trainState";
import type { RunKind } from "./replay";

const STEPS = 8;

const memory = () => {
  const { numTensors, ...rest } = tf.memory();
  const { numBytesInGPU, numBytesAllocatedInGPU } = rest as unknown as Record<string, number>;
  return { numTensors, numBytesInGPU, numBytesAllocatedInGPU };
};

/** Steps on fresh batches, with a measurement before each one or none. */
async function run(measures: boolean) {
  const backend = smallTiles();
  const trainer = createDeviceTrainer(backend, createTrainState(tinyValues()));
  const [losses, kinds, products, held]: [number[][], RunKind[], number[][], object[]] = [
    [],
    [],
    [],
    [],
  ];
  for (let step = 1; step <= STEPS; step++) {
    const batch = tinyBatchAt(step);
    if (measures) {
      const found = lossGradientProducts(trainer.state().params, batch, TINY_OPTIONS);
      products.push([...(await found.products.data())]);
      found.products.dispose();
    }
    const logged = trainer.step(batch, TINY_OPTIONS);
    disposeBatch(batch);
    losses.push([...(await logged.data())]);
    logged.dispose();
    kinds.push(trainer.lastRun());
    backend.trim();
    held.push(memory());
  }
  const state = await stateNumbers(trainer);
  trainer.dispose();
  return { losses, kinds, state, products, held };
}

test("a measurement before every step leaves the recorded step's bits, its replay and its memory alone", async () => {
  await run(true); // what is made once is made
  const without = await run(false);
  const measured = await run(true);
  expect(measured.losses).toEqual(without.losses);
  expect(measured.state).toEqual(without.state);
  expect(measured.kinds).toEqual(without.kinds);
  expect(measured.kinds.at(-1)).toBe("replayed");
  expect(measured.held).toEqual(without.held);
  expect(measured.products.at(-1)?.some((value) => value !== 0)).toBe(true);
});
