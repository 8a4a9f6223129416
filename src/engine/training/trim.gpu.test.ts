import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { smallTiles, stateNumbers } from "../../../test/deviceRun";
import { disposeBatch, TINY_OPTIONS, tinyBatchAt, tinyValues } from "../../../test/tinyRun";
import { createDeviceTrainer, type DeviceTrainer } from "./deviceTrainer";
import { createTrainState } from "./trainState";

const allocated = () =>
  (tf.memory() as unknown as { numBytesAllocatedInGPU: number }).numBytesAllocatedInGPU;

async function steps(trainer: DeviceTrainer, first: number, last: number): Promise<number[][]> {
  const all: number[][] = [];
  for (let step = first; step <= last; step++) {
    const batch = tinyBatchAt(step);
    const logged = trainer.step(batch, TINY_OPTIONS);
    disposeBatch(batch);
    all.push([...(await logged.data())]);
    logged.dispose();
  }
  return all;
}

/** What an evaluation does to the pool: buffers of sizes no step has, used and given back. */
async function evaluate(): Promise<number> {
  const result = tf.tidy(() =>
    tf.sum(tf.matMul(tf.ones([300, 200]), tf.add(tf.ones([200, 500]), 1))),
  );
  const [value = NaN] = await result.data();
  result.dispose();
  return value;
}

test.each([true, false])(
  "trimming the pool between steps frees its bytes and leaves the steps' bits (replays: %s)",
  async (replays) => {
    const backend = smallTiles();
    const whole = createDeviceTrainer(backend, createTrainState(tinyValues()), { replays });
    const expected = await steps(whole, 1, 10);
    const expectedState = await stateNumbers(whole);
    whole.dispose();

    const trainer = createDeviceTrainer(backend, createTrainState(tinyValues()), { replays });
    const found = await steps(trainer, 1, 5);
    backend.trim();
    const training = allocated();
    expect(await evaluate()).toBe(300 * 500 * 200 * 2);
    expect(allocated()).toBeGreaterThan(training + 4 * (300 * 500 + 200 * 500));
    backend.trim();
    expect(allocated()).toBe(training);
    found.push(...(await steps(trainer, 6, 10)));
    expect(trainer.lastRun()).toBe(replays ? "replayed" : "encoded");
    expect(found).toEqual(expected);
    expect(await stateNumbers(trainer)).toEqual(expectedState);

    trainer.dispose();
    backend.trim();
    expect(allocated()).toBeLessThan(training);
    // a pool that was emptied serves again
    expect(await evaluate()).toBe(300 * 500 * 200 * 2);
  },
);
