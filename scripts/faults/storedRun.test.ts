import { expect, test } from "vitest";
import { lost, type Kept } from "./storedRun";

const KEPT: Kept = {
  ...{ runId: "a", steps: 20, measurements: 8, grids: 4, checkpoint: 20, analyses: 0 },
};

test("what was stored before a kill is lost when less of it is there after it", () => {
  expect(lost(KEPT, KEPT)).toEqual([]);
  expect(lost(KEPT, { ...KEPT, steps: 21, grids: 5 })).toEqual([]);
  expect(lost(KEPT, { ...KEPT, steps: 19, checkpoint: 10 })).toEqual([
    "steps: 19 of 20",
    "checkpoint: 10 of 20",
  ]);
});

test("a run that is gone, or another one in its place, is lost as a whole", () => {
  expect(lost(KEPT, null)).toEqual(["the run"]);
  expect(lost(KEPT, { ...KEPT, runId: "b" })).toEqual(["the run"]);
});
