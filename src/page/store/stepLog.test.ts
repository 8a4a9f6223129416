import { expect, test } from "vitest";
import type { StepPoint } from "../../common/protocol/trainer";
import { appendSteps, emptyStepLog, nearestIndex, pointAt, recentStepMs, stepAt } from "./stepLog";

const point = (step: number, velocityLoss = 1): StepPoint => ({
  step,
  velocityLoss,
  projLoss: -0.5,
  gradNorm: 2,
  stepMs: step,
});
const points = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => point(from + index));

test("a hundred thousand points in batches stay in order and share their buffers", () => {
  let log = emptyStepLog();
  let copies = 0;
  for (let from = 1; from <= 100_000; from += 50) {
    const next = appendSteps(log, points(from, from + 49));
    if (next.columns !== log.columns) copies++;
    log = next;
  }
  expect(log.length).toBe(100_000);
  expect(stepAt(log, 0)).toBe(1);
  expect(stepAt(log, 99_999)).toBe(100_000);
  expect(copies).toBeLessThan(20);
});

test("an older log is not changed by what is appended to it twice", () => {
  const base = appendSteps(emptyStepLog(), points(1, 3));
  const left = appendSteps(base, [point(4, 10)]);
  const right = appendSteps(base, [point(4, 20)]);
  expect(base.length).toBe(3);
  expect(pointAt(left, 3)?.velocityLoss).toBe(10);
  expect(pointAt(right, 3)?.velocityLoss).toBe(20);
});

test("a run resumed at an earlier step replaces what it logs again and keeps the rest", () => {
  const before = appendSteps(emptyStepLog(), points(1, 10));
  const resumed = appendSteps(before, [point(6, 42), point(7, 43)]);
  expect(Array.from({ length: resumed.length }, (_, i) => stepAt(resumed, i))).toEqual([
    1, 2, 3, 4, 5, 6, 7,
  ]);
  expect(pointAt(resumed, 5)?.velocityLoss).toBe(42);
  expect(pointAt(before, 5)?.velocityLoss).toBe(1);
});

test("the nearest logged step is found between, before and after what is logged", () => {
  const log = appendSteps(emptyStepLog(), [point(10), point(20), point(40)]);
  expect([-5, 14, 15, 16, 31, 99].map((step) => stepAt(log, nearestIndex(log, step)))).toEqual([
    10, 10, 10, 20, 40, 40,
  ]);
  expect(nearestIndex(emptyStepLog(), 3)).toBe(-1);
});

test("the rate is the median of the last steps, so one slow step does not move it", () => {
  const slow: StepPoint = { ...point(4), stepMs: 5_000 };
  const log = appendSteps(emptyStepLog(), [...points(1, 3), slow]);
  expect(recentStepMs(log, 3)).toBe(3);
  expect(recentStepMs(emptyStepLog(), 3)).toBeNull();
});
