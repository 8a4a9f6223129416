import * as tf from "@tensorflow/tfjs-core";
import { afterAll, expect, test } from "vitest";
import { smallTiles, stateNumbers } from "../../../test/deviceRun";
import { useStudioDevice } from "../../../test/studioDevice";
import { disposeBatch, TINY_OPTIONS, tinyBatchAt, tinyValues } from "../../../test/tinyRun";
import { browserGpu } from "../../common/gpu/browserGpu";
import { presetById } from "../../common/config/presets";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint";
import { createDeviceTrainer, type DeviceTrainer } from "./deviceTrainer";
import { createTrainState } from "./trainState";

const STEPS = 20;
const CHECKPOINT_EVERY = 5;
/** Steps submitted and not read back when the device goes. */
const IN_FLIGHT = 3;

const { experiment } = presetById("tiny");
const INFO = { experiment, timeline: [], projectors: experiment.alignment.encoders };

/** Submits step `step`; its numbers come later. */
async function submitStep(trainer: DeviceTrainer, step: number): Promise<number[]> {
  const batch = tinyBatchAt(step);
  const logged = trainer.step(batch, TINY_OPTIONS);
  disposeBatch(batch);
  try {
    return [...(await logged.data())];
  } finally {
    logged.dispose();
  }
}

/** An answer in time, or a failed test instead of one that hangs. */
const soon = <T>(work: Promise<T>): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error("nothing was heard for 20 s")), 20_000),
    ),
  ]);

afterAll(() => useStudioDevice(browserGpu())); // files may share a device

test("a device lost between replayed steps: on a new one the steps after the last checkpoint have their bits", async () => {
  const whole = createDeviceTrainer(smallTiles(), createTrainState(tinyValues()));
  const expected: number[][] = [];
  for (let step = 1; step <= STEPS; step++) expected.push(await submitStep(whole, step));
  const expectedState = await stateNumbers(whole);
  whole.dispose();

  const lostAt = 17;
  const backend = smallTiles();
  const cut = createDeviceTrainer(backend, createTrainState(tinyValues()));
  let checkpoint = new ArrayBuffer();
  for (let step = 1; step <= lostAt - IN_FLIGHT; step++) {
    await submitStep(cut, step);
    if (step % CHECKPOINT_EVERY === 0) checkpoint = await encodeCheckpoint(cut.state(), INFO);
  }
  const inFlight = Array.from({ length: IN_FLIGHT }, (_, i) =>
    submitStep(cut, lostAt - IN_FLIGHT + 1 + i),
  );
  expect(cut.lastRun()).toBe("replayed");
  backend.device.destroy();
  const outcomes = await soon(Promise.allSettled(inFlight));
  expect(outcomes.map(({ status }) => status)).toContain("rejected");
  expect((await soon(backend.device.lost)).reason).toBe("destroyed");
  // a lost device accepts commands and computes nothing: the next step must fail instead of waiting
  await expect(soon(submitStep(cut, lostAt + 1))).rejects.toThrow();
  cut.dispose();

  await soon(useStudioDevice(browserGpu()));
  const anew = smallTiles();
  expect(anew).not.toBe(backend);
  const { state } = decodeCheckpoint(checkpoint);
  expect(state.step).toBe(10);
  const resumed = createDeviceTrainer(anew, state);
  const losses: number[][] = [];
  for (let step = 11; step <= STEPS; step++) losses.push(await soon(submitStep(resumed, step)));
  expect(resumed.lastRun()).toBe("replayed");
  expect(losses).toEqual(expected.slice(10));
  expect(await stateNumbers(resumed)).toEqual(expectedState);
  resumed.dispose();
  expect(tf.getBackend()).toBe("webgpu");
});
