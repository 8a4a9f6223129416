import { expect, test } from "vitest";
import { presetById } from "../../common/config/presets";
import { initialData } from "./dataSlice";
import { nextGridStep, waits } from "./nextUp";
import { initialRun } from "./runSlice";

const { experiment } = presetById("first-minute");
const timing = { stepMs: 500, elapsedSeconds: 1, known: {} };
const run = { ...initialRun(), experiment };
const progress = {
  ...{ label: "Latents", done: 100, total: 300, imagesPerSecond: 20 },
  ready: { train: 0, heldOut: 0 },
};

test("the next grid is the early one, then every so many steps, and the last step's", () => {
  const at = (step: number) => nextGridStep(experiment, step);
  expect([0, 9, 10, 99, 100, 1999].map(at)).toEqual([10, 10, 100, 100, 200, 2000]);
  const short = { ...experiment, optimizer: { ...experiment.optimizer, steps: 30 } };
  expect(nextGridStep(short, 12)).toBe(30);
});

test("training waits for the next samples, and for images while they are encoded beside it", () => {
  const training = { ...run, phase: "training" as const, step: 4 };
  expect(waits({ run: training, data: initialData }, timing)).toEqual([
    { what: "samples", seconds: 3, about: false },
  ]);
  expect(waits({ run: training, data: { ...initialData, progress } }, timing)[0]).toEqual({
    ...{ what: "images", seconds: 10, about: false },
  });
});

test("a phase without a count takes as long as the last time, then nothing is claimed", () => {
  const loading = { run: { ...run, phase: "loading" as const }, data: initialData };
  expect(waits(loading, timing)).toEqual([{ what: "loading", seconds: 2, about: true }]);
  const known = { loading: 8 };
  expect(waits(loading, { ...timing, known })[0]?.seconds).toBe(7);
  expect(waits(loading, { ...timing, known, elapsedSeconds: 8 })).toEqual([]);
});
