import { expect, test } from "vitest";
import { presetById } from "../../common/config/presets";
import type { Measurement } from "../../common/protocol/trainer";
import { dueAfter, hasFigures, isLateCheckpoint } from "./due";

const { experiment } = presetById("tiny");
const settings = {
  ...experiment,
  optimizer: { ...experiment.optimizer, steps: 25 },
  evaluation: { ...experiment.evaluation, gridEvery: 5, metricsEvery: 10, checkpointEvery: 4 },
};

test("each has its cadence, and the last step owes all", () => {
  expect(dueAfter(3, settings)).toEqual({ grid: false, figures: false, checkpoint: false });
  expect(dueAfter(5, settings)).toEqual({ grid: true, figures: false, checkpoint: false });
  expect(dueAfter(20, settings)).toEqual({ grid: true, figures: true, checkpoint: true });
  expect(dueAfter(25, settings)).toEqual({ grid: true, figures: true, checkpoint: true });
});

test("an early grid is one more, at its step alone, and none where it is 0", () => {
  const early = { ...settings, evaluation: { ...settings.evaluation, firstGrid: 3 } };
  expect([0, 1, 2, 3, 4, 5].filter((step) => step > 0 && dueAfter(step, early).grid)).toEqual([
    3, 5,
  ]);
  expect([1, 2, 3, 4, 5].filter((step) => dueAfter(step, settings).grid)).toEqual([5]);
});

test("a checkpoint is due after two minutes, and later where one takes long", () => {
  expect(isLateCheckpoint(119_000, 0)).toBe(false);
  expect(isLateCheckpoint(121_000, 500)).toBe(true);
  expect(isLateCheckpoint(121_000, 30_000)).toBe(false);
  expect(isLateCheckpoint(601_000, 30_000)).toBe(true);
});

test("figures are whole with one of the samples and one of every encoder, at that step", () => {
  const quality = (step: number) => ({ kind: "sampleQuality", step }) as Measurement;
  const aligned = (step: number, encoder: string) =>
    ({ kind: "layerAlignment", step, encoder }) as Measurement;
  const whole = [quality(10), aligned(10, "a"), aligned(10, "b")];
  expect(hasFigures(whole, 10, ["a", "b"])).toBe(true);
  expect(hasFigures(whole, 20, ["a", "b"])).toBe(false);
  expect(hasFigures(whole.slice(1), 10, ["a", "b"])).toBe(false);
  expect(hasFigures([quality(10), aligned(10, "a"), aligned(5, "b")], 10, ["a", "b"])).toBe(false);
});
