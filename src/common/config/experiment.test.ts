import { expect, test } from "vitest";
import { alignmentAt, ControlChange, Experiment, TimelineEntry } from "./experiment";

test("a control change holds only what changed", () => {
  expect(ControlChange.parse({})).toEqual({});
  expect(TimelineEntry.parse({ step: 3, change: { projCoeff: 1 } }).change).toEqual({
    projCoeff: 1,
  });
  expect(ControlChange.safeParse({ projCoeff: 11 }).success).toBe(false);
  expect(ControlChange.safeParse({ projectorWidth: 64 }).success).toBe(false);
});

test("the alignment in force at a step is the experiment's with every earlier change applied", () => {
  const experiment = Experiment.parse({ alignment: { encoderDepth: 2 } });
  const timeline = [
    { step: 10, change: { projCoeff: 1 } },
    { step: 20, change: { encoderDepth: 3, projCoeff: undefined } },
  ];
  const at = (step: number) => {
    const { projCoeff, encoderDepth } = alignmentAt(experiment, timeline, step);
    return [projCoeff, encoderDepth];
  };
  expect([at(9), at(10), at(20)]).toEqual([
    [0.5, 2],
    [1, 2],
    [1, 3],
  ]);
});
