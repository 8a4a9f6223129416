import { expect, test } from "vitest";
import type { RecordedRun } from "../../../common/config/recordedRuns";
import { wantsRecorded } from "../../store/recordedSlice";
import { initialRun } from "../../store/runSlice";
import { curvesOf, initialRuns } from "../../store/runsSlice";
import { appendSteps, emptyStepLog } from "../../store/stepLog";
import { cknnaText, gridOf, pointAt } from "./recordedText";

const RUN: RecordedRun = {
  ...{ name: "REPA", projCoeff: 0.5 },
  losses: [
    [1, 1],
    [100, 0.9],
  ],
  cknna: [[100, 0.2]],
  grids: [
    { step: 10, file: "repa-10.webp" },
    { step: 100, file: "repa-100.webp" },
  ],
};

test("what is shown at a step is the newest that is not after it", () => {
  expect(pointAt(RUN.losses, 99)).toEqual([1, 1]);
  expect(pointAt(RUN.losses, 0)).toEqual([1, 1]);
  expect([5, 10, 99, 100].map((step) => gridOf(RUN, step)?.step)).toEqual([10, 10, 10, 100]);
  expect(cknnaText(RUN, 99)).toBe("CKNNA not measured yet");
  expect(cknnaText(RUN, 120)).toBe("CKNNA 0.200 at step 100");
});

test("it gives way when the visitor's own run has a curve, and to a stored run at once", () => {
  const point = { step: 1, velocityLoss: 1, projLoss: 0, gradNorm: 1, stepMs: 5, learningRate: 0 };
  const steps = (count: number) =>
    appendSteps(
      emptyStepLog(),
      Array.from({ length: count }, (_, i) => ({ ...point, step: i + 1 })),
    );
  const shown = (change: object, runs = initialRuns) =>
    wantsRecorded({ run: { ...initialRun(), ...change }, runs });
  expect(shown({})).toBe(true);
  expect(shown({ phase: "caching" })).toBe(true);
  expect(shown({ phase: "training", log: steps(1) })).toBe(true);
  expect(shown({ phase: "training", log: steps(2) })).toBe(false);
  expect(shown({ phase: "stopped" })).toBe(false);
  // of a file of results, while none is open
  const curves = { a: curvesOf({ runId: "a", updatedAtMs: 0 }, { points: [] }, [], []) };
  expect(shown({}, { ...initialRuns, curves })).toBe(false);
});
