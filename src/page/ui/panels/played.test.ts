import { expect, test } from "vitest";
import { appendSteps, emptyStepLog } from "../../store/stepLog";
import { playedStep, playFrom } from "./played";

const log = appendSteps(
  emptyStepLog(),
  [10, 20, 30, 40, 110].map((step) => ({
    ...{ step, velocityLoss: 1, projLoss: 0, gradNorm: 1, stepMs: 1 },
  })),
);

test("the whole run is played in so long, over the steps that are logged", () => {
  const shown = [0, 100, 190, 300, 999, 1000].map((ms) => playedStep(log, 10, ms, 1000));
  expect(shown).toEqual([10, 20, 30, 40, 110, null]);
});

test("it goes on from the step shown, and begins again at the end", () => {
  expect(playFrom(log, 30)).toBe(30);
  expect(playFrom(log, 110)).toBe(10);
  expect(playedStep(log, 30, 100, 1000)).toBe(40);
  expect(playedStep(emptyStepLog(), 0, 0, 1000)).toBeNull();
});
