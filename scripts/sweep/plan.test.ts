import { expect, test } from "vitest";
import { experimentOf, expandGrid, SweepPlan } from "./plan";

const PLAN = SweepPlan.parse({
  preset: "first-minute",
  settings: { "alignment.projCoeff": [0, 0.5], "alignment.encoders": [["tiny-vit"]] },
  seeds: [3, 4],
  spaces: ["tiny-vit"],
  sampleCount: 64,
});

test("every combination of values is run once a seed, seed after seed", () => {
  expect(expandGrid(PLAN).map(({ id }) => id)).toEqual([
    "projCoeff-0_encoders-_tiny-vit__seed-3",
    "projCoeff-0.5_encoders-_tiny-vit__seed-3",
    "projCoeff-0_encoders-_tiny-vit__seed-4",
    "projCoeff-0.5_encoders-_tiny-vit__seed-4",
  ]);
});

test("a plan without settings runs the preset itself", () => {
  const runs = expandGrid({ ...PLAN, settings: {} });
  expect(runs).toEqual([
    { id: "seed-3", settings: {}, seed: 3 },
    { id: "seed-4", settings: {}, seed: 4 },
  ]);
});

test("variants are run with every combination of the other settings", () => {
  const variants = [{ "alignment.projCoeff": 0 }, { "alignment.encoderDepth": 3 }];
  const settings = { "optimizer.steps": [10, 20] };
  const runs = expandGrid({ ...PLAN, variants, settings, seeds: [1] });
  expect(runs.map(({ id }) => id)).toEqual([
    "projCoeff-0_steps-10_seed-1",
    "projCoeff-0_steps-20_seed-1",
    "encoderDepth-3_steps-10_seed-1",
    "encoderDepth-3_steps-20_seed-1",
  ]);
});

test("what every run has is in its settings and not in its name", () => {
  const base = { "optimizer.steps": 10 };
  const [run] = expandGrid({ ...PLAN, base, settings: {} });
  expect(run).toEqual({ id: "seed-3", settings: base, seed: 3 });
});

test("two runs of one name are refused: one would overwrite the other's summary", () => {
  expect(() => expandGrid({ ...PLAN, seeds: [1, 1] })).toThrow(/seed-1/);
});

test("a run's experiment is the preset with its settings and seed", () => {
  const [, run] = expandGrid(PLAN);
  const experiment = run && experimentOf(PLAN, run);
  expect(experiment?.alignment).toMatchObject({ projCoeff: 0.5, encoders: ["tiny-vit"] });
  expect(experiment?.optimizer.seed).toBe(3);
});

test("a setting there is not is named", () => {
  const run = { id: "x", settings: { "alignment.lambda": 1 }, seed: 0 };
  expect(() => experimentOf(PLAN, run)).toThrow(/alignment\.lambda/);
});
