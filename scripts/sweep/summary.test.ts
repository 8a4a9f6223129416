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

test("a plan that asks for earlier steps makes runs without them again", () => {
  const plan = { ...PLAN, alsoAt: { steps: [250, 500], sampleCount: 512 } };
  expect(isDone(DONE, RUN, plan)).toBe(false);
  const { cknna, probe, quality } = DONE;
  const fewer = Object.entries(quality).map(
    ([space, one]) => [space, { ...one, sampleCount: 512 }] as const,
  );
  const at = (step: number) => ({ step, cknna, probe, quality: Object.fromEntries(fewer) });
  expect(isDone({ ...DONE, before: [at(250)] }, RUN, plan)).toBe(false);
  expect(isDone({ ...DONE, before: [at(250), at(500)] }, RUN, plan)).toBe(true);
  expect(isDone({ ...DONE, before: [at(250), at(500)] }, RUN, PLAN)).toBe(true);
});
