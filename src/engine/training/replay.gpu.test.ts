import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { liveHeapBytes } from "../../../test/heap";
import { smallTiles, stateNumbers } from "../../../test/deviceRun";
import { disposeBatch, TINY_OPTIONS, tinyBatchAt, tinyValues } from "../../../test/tinyRun";
import { createDeviceTrainer, type DeviceTrainer } from "./deviceTrainer";
import { createTrainState } from "./trainState";

const STEPS = 1000;
/** Compared bit by bit with steps that are encoded anew. */
const COMPARED = 50;
/** By then everything that is made once is made. */
const SETTLED = 100;
/** The heap is compared over the second half: the collector still tidies up in the first. */
const HALF = 500;
/** Live JavaScript objects may grow by so much in 500 steps, which is a kilobyte a step. */
const HEAP_SLACK = 512 * 1024;

/** Step `step` on that step's batch: [velocityLoss, projLoss, gradNorm]. */
async function takeStep(trainer: DeviceTrainer, step: number): Promise<number[]> {
  const batch = tinyBatchAt(step);
  const logged = trainer.step(batch, TINY_OPTIONS);
  disposeBatch(batch);
  const numbers = [...(await logged.data())];
  logged.dispose();
  return numbers;
}

const bytesInGpu = () => {
  const { numTensors, ...rest } = tf.memory();
  const { numBytesInGPU, numBytesAllocatedInGPU } = rest as unknown as Record<string, number>;
  return { numTensors, numBytesInGPU, numBytesAllocatedInGPU };
};

test("1,000 replayed steps on fresh batches: the first 50 are those encoded anew, and nothing grows", async () => {
  const backend = smallTiles();
  const encoded = createDeviceTrainer(backend, createTrainState(tinyValues()), { replays: false });
  const expected: number[][] = [];
  for (let step = 1; step <= COMPARED; step++) expected.push(await takeStep(encoded, step));
  const expectedState = await stateNumbers(encoded);
  encoded.dispose();

  const { device } = backend;
  const createBuffer = device.createBuffer.bind(device);
  let created = 0;
  device.createBuffer = (descriptor) => {
    created++;
    return createBuffer(descriptor);
  };
  const trainer = createDeviceTrainer(backend, createTrainState(tinyValues()));
  const losses: number[][] = [];
  for (let step = 1; step <= COMPARED; step++) losses.push(await takeStep(trainer, step));
  expect(trainer.lastRun()).toBe("replayed");
  expect(losses).toEqual(expected);
  expect(new Set(losses.map(([velocity]) => velocity)).size).toBe(COMPARED); // the inputs do change
  expect(await stateNumbers(trainer)).toEqual(expectedState);

  for (let step = COMPARED + 1; step <= SETTLED; step++) await takeStep(trainer, step);
  const before = { ...bytesInGpu(), created };
  expect(created).toBeGreaterThan(0); // they are counted
  for (let step = SETTLED + 1; step <= HALF; step++) await takeStep(trainer, step);
  const heapBefore = await liveHeapBytes();
  const startMs = performance.now();
  let last: number[] = [];
  for (let step = HALF + 1; step <= STEPS; step++) last = await takeStep(trainer, step);
  const stepMs = (performance.now() - startMs) / (STEPS - HALF);
  const grown = (await liveHeapBytes()) - heapBefore;
  console.log(`${stepMs.toFixed(1)} ms a step; JavaScript heap ${grown} bytes larger after 500`);
  expect(trainer.lastRun()).toBe("replayed");
  expect(last.every(Number.isFinite)).toBe(true);
  expect({ ...bytesInGpu(), created }).toEqual(before);
  expect(grown).toBeLessThan(HEAP_SLACK);
  device.createBuffer = createBuffer;
  trainer.dispose();
});
