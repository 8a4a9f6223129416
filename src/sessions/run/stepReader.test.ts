import type { Tensor1D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import type { StepPoint } from "../../common/protocol/trainer";
import { STEP_METRICS } from "../../common/catalogue/liveMetrics";
import { createStepReader } from "./stepReader";

/** A device that does one step after the other, each in `stepMs` of a clock of its own. */
function slowDevice(stepMs: number) {
  let nowMs = 0;
  const underWay: (() => void)[] = [];
  let disposed = 0;
  return {
    clockMs: () => nowMs,
    disposed: () => disposed,
    underWay: () => underWay.length,
    /** The numbers of a step that was just submitted. */
    submit: (values: readonly number[] = STEP_METRICS.map(() => 1)) =>
      ({
        data: () =>
          new Promise((resolve) => underWay.push(() => resolve(Float32Array.from(values)))),
        dispose: () => disposed++,
      }) as unknown as Tensor1D,
    /** The next step is done. */
    finish: () => {
      nowMs += stepMs;
      underWay.shift()?.();
    },
  };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

/** The most steps that were submitted and not done at once. */
async function mostUnderWay(stepMs: number): Promise<number> {
  const device = slowDevice(stepMs);
  const points: number[] = [];
  const reader = createStepReader(device.clockMs, 0.1, ({ step }) => points.push(step));
  let most = 0;
  for (let step = 1; step <= 20; step++) {
    const push = { done: false };
    void reader.push(step, device.submit()).then(() => (push.done = true));
    await settle();
    most = Math.max(most, device.underWay());
    while (!push.done) {
      device.finish();
      await settle();
    }
  }
  while (device.underWay() > 0) device.finish();
  await reader.drain();
  expect(points).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(device.disposed()).toBe(20);
  return most;
}

test("steps of seconds go one by one, so that a stop waits for one at most", async () => {
  expect(await mostUnderWay(3000)).toBe(1);
  expect(await mostUnderWay(51)).toBe(1);
});

test("quick steps go ahead of their numbers, some at a time", async () => {
  expect(await mostUnderWay(20)).toBe(3);
  expect(await mostUnderWay(1)).toBe(4);
});

test("the first step that is no number is logged, and none behind it", async () => {
  const device = slowDevice(1);
  const points: StepPoint[] = [];
  const reader = createStepReader(device.clockMs, 0.1, (point) => points.push(point));
  const values = (loss: number) => STEP_METRICS.map(({ id }) => (id === "velocityLoss" ? loss : 1));
  const pushes = [1, NaN, NaN].map((loss, i) => reader.push(i + 1, device.submit(values(loss))));
  const ended = Promise.allSettled([...pushes, reader.drain()]);
  for (let i = 0; i < 3; i++) {
    device.finish();
    await settle();
  }
  expect((await ended).map((one): unknown => "reason" in one && one.reason)).toContainEqual(
    expect.objectContaining({ code: "NONFINITE_LOSS" }),
  );
  expect(points.map(({ step, velocityLoss }) => [step, velocityLoss])).toEqual([
    [1, 1],
    [2, NaN],
  ]);
});

test("a loss that is not a number is an error", async () => {
  const device = slowDevice(1000);
  const reader = createStepReader(device.clockMs, 0.1, () => undefined);
  const pushed = reader.push(
    1,
    device.submit(STEP_METRICS.map((_, index) => (index === 0 ? NaN : 1))),
  );
  device.finish();
  await expect(pushed).rejects.toThrow("Step 1 gave denoising loss NaN");
  expect(device.disposed()).toBe(1);
});
