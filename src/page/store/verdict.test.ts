import { expect, test } from "vitest";
import { presetById } from "../../common/config/presets";
import { initialMetrics, recordMeasurement } from "./metricsSlice";
import { pairOf, runAgain } from "./pairRuns";
import { vanillaPairs, verdictOf, type ComparedRun } from "./verdict";

const { experiment } = presetById("first-minute");

function run(lambda: number, seed: number, kids: Readonly<Record<number, number>>): ComparedRun {
  const measured = Object.entries(kids).map(([step, kid]) => ({
    ...{ kind: "sampleQuality" as const, step: Number(step), space: "s" },
    ...{ sampleCount: 256, pairCount: 128, referenceCount: 3000, kidFloor: 0, frechetTop: 1 },
    ...{ kid, kidLow: kid - 3, kidHigh: kid + 3, components: 32, frechetFloor: 0 },
  }));
  return {
    ...{ id: `${lambda}/${seed}`, name: "a run", timeline: [] },
    experiment: {
      ...experiment,
      alignment: { ...experiment.alignment, projCoeff: lambda },
      optimizer: { ...experiment.optimizer, seed },
    },
    metrics: measured.reduce(recordMeasurement, initialMetrics),
  };
}

const ids = (runs: readonly ComparedRun[]) =>
  vanillaPairs(runs).map(({ vanilla, aligned }) => `${vanilla.id} ${aligned.id}`);

test("runs are paired by everything but λ: the seed too", () => {
  expect(ids([run(0.5, 0, {}), run(0, 1, {}), run(0, 0, {}), run(0.5, 1, {})])).toEqual([
    "0/0 0.5/0",
    "0/1 0.5/1",
  ]);
  expect(ids([run(0.5, 0, {}), run(0.5, 1, {})])).toEqual([]);
});

test("of several λ the one with the most pairs", () => {
  const runs = [run(0, 0, {}), run(0, 1, {}), run(1, 0, {}), run(0.5, 0, {}), run(0.5, 1, {})];
  expect(ids(runs)).toEqual(["0/0 0.5/0", "0/1 0.5/1"]);
});

test("one pair has the interval of its two measurements, at the last step both have", () => {
  const verdict = verdictOf(
    vanillaPairs([run(0, 0, { 250: 40, 500: 30 }), run(0.5, 0, { 250: 35, 500: 20, 750: 1 })]),
  );
  expect(verdict).toMatchObject({ step: 500, gain: 10, interval: "measurement", pairs: 1 });
  expect(verdict?.half).toBeCloseTo(Math.hypot(6, 6) / 2, 12);
});

test("several pairs have the interval over seeds", () => {
  const runs = [0, 1, 2].flatMap((seed) => [
    run(0, seed, { 500: 30 + seed }),
    run(0.5, seed, { 500: 20 + 2 * seed }),
  ]);
  const verdict = verdictOf(vanillaPairs(runs));
  expect(verdict).toMatchObject({ gain: 9, interval: "seeds", pairs: 3, lambda: 0.5 });
  expect(verdict?.half).toBeCloseTo((4.303 * 1) / Math.sqrt(3), 9);
});

test("nothing is said before both are measured", () => {
  expect(verdictOf([])).toBeNull();
  expect(verdictOf(vanillaPairs([run(0, 0, {}), run(0.5, 0, { 250: 1 })]))).toBeNull();
});

test("a pair differs in λ alone, and has the paper's where there is none", () => {
  const [vanilla, repa] = pairOf(presetById("vanilla").experiment, []);
  expect(vanilla?.experiment.alignment.projCoeff).toBe(0);
  expect(repa?.experiment.alignment.projCoeff).toBe(0.5);
  expect(
    ids([
      { ...run(0, 0, {}), ...vanilla },
      { ...run(0, 0, {}), ...repa },
    ]),
  ).toHaveLength(1);
});

test("a run again has a seed that none of its like has, stored or waiting", () => {
  const stored = [0, 3].map((seed) => ({ ...run(0.5, seed, {}), id: `seed ${seed}` }));
  const again = runAgain(stored, [run(0.5, 4, {}), run(0, 9, {})], "seed 0");
  expect(again?.experiment.optimizer.seed).toBe(5);
  expect(runAgain(stored, [], "gone")).toBeUndefined();
});
