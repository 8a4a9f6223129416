import { expect, test } from "vitest";
import { expandGrid, SweepPlan, type SweepRun } from "./plan";
import { isDone, type RunSummary } from "./summary";
import { exampleSummary } from "./exampleSummary";

const PLAN = SweepPlan.parse({
  preset: "first-minute",
  settings: { "alignment.projCoeff": [0.5] },
  seeds: [0],
  spaces: ["tiny-vit", "patch-histogram"],
  sampleCount: 2048,
});
const [RUN] = expandGrid(PLAN) as [SweepRun];
const DONE: RunSummary = exampleSummary({ projCoeff: 0.5, seed: 0, kid: 100 });

test("a run with its summary is not made again", () => {
  expect(isDone(JSON.parse(JSON.stringify(DONE)), RUN, PLAN)).toBe(true);
});

test("a run without a summary, or with half of one, is made", () => {
  expect(isDone(undefined, RUN, PLAN)).toBe(false);
  expect(isDone({ ...DONE, quality: undefined }, RUN, PLAN)).toBe(false);
});

test("a summary of other settings or of another seed does not count", () => {
  const other = { ...RUN, settings: { "alignment.projCoeff": 1 } };
  expect(isDone(DONE, other, PLAN)).toBe(false);
  expect(isDone(DONE, { ...RUN, seed: 1 }, PLAN)).toBe(false);
});

test("a plan that asks for another space, encoder, more samples or a probe makes its runs again", () => {
  expect(isDone(DONE, RUN, { ...PLAN, sampleCount: 4096 })).toBe(false);
  expect(isDone(DONE, RUN, { ...PLAN, spaces: ["dinov2-s"] })).toBe(false);
  expect(isDone(DONE, RUN, { ...PLAN, encoders: ["tiny-vit", "tiny-vit-2"] })).toBe(false);
  expect(isDone(DONE, RUN, { ...PLAN, probe: { trainCount: 100, epochs: 1 } })).toBe(false);
});
