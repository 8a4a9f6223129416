import { expect, test } from "vitest";
import { differing } from "./liveChange";
import { presetById } from "./presets";

const { alignment } = presetById("tiny").experiment;

test("a change that is in force already is none", () => {
  const { projCoeff, encoders } = alignment;
  expect(differing(alignment, { projCoeff, encoders: [...encoders] })).toBeNull();
  expect(differing(alignment, {})).toBeNull();
});

test("of a change only what differs is left", () => {
  const { projCoeff, encoderDepth } = alignment;
  const change = { projCoeff: projCoeff + 0.1, encoderDepth };
  expect(differing(alignment, change)).toEqual({ projCoeff: projCoeff + 0.1 });
});
