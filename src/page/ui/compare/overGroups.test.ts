import { expect, test } from "vitest";
import { presetById } from "../../../common/config/presets";
import { groupsOf, type FigureRun } from "../../store/figureRuns";
import { initialMetrics, recordMeasurement } from "../../store/metricsSlice";
import { appendSteps, emptyStepLog } from "../../store/stepLog";
import {
  boundOf,
  groupCrossing,
  groupLines,
  groupSettings,
  groupSpeed,
  lastKidOf,
} from "./overGroups";

const { experiment } = presetById("first-minute");

/** A run whose KID was measured every ten steps. */
function run(lambda: number, seed: number, kids: readonly number[]): FigureRun {
  const measured = kids.map((kid, i) => ({
    ...{ kind: "sampleQuality" as const, step: 10 * (i + 1), space: "s", kid },
    ...{ kidLow: kid - 4, kidHigh: kid + 4, kidFloor: 0 },
    ...{ sampleCount: 256, pairCount: 128, referenceCount: 3000 },
    ...{ frechetTop: kid / 10, components: 32, frechetFloor: 0 },
  }));
  const points = [{ step: 30, velocityLoss: 1, projLoss: 0, gradNorm: 1, stepMs: 100 }];
  return {
    ...{ id: `${lambda}/${seed}`, name: "First minute", color: "red", dashed: false },
    ...{ timeline: [], device: null, forkedFrom: null, since: 0, extremes: null },
    experiment: {
      ...experiment,
      alignment: { ...experiment.alignment, projCoeff: lambda },
      optimizer: { ...experiment.optimizer, seed },
    },
    log: appendSteps(emptyStepLog(), points),
    metrics: measured.reduce(recordMeasurement, initialMetrics),
  };
}

const VANILLA = [run(0, 0, [100, 60, 40]), run(0, 1, [110, 80, 60]), run(0, 2, [105, 70, 50])];
const REPA = [run(2, 0, [80, 40, 25]), run(2, 1, [90, 61, 44]), run(2, 2, [85, 50, 36])];
const folded = (...runs: readonly FigureRun[]) => groupsOf(runs, true);
const single = (...runs: readonly FigureRun[]) => groupsOf(runs, false);

test("over seeds a figure is the mean, and the difference is that of pairs of one seed", () => {
  const [kid] = groupLines(folded(...VANILLA, ...REPA), "step");
  expect(kid?.figures.map((one) => one?.[0].value)).toEqual([50, 35]);
  expect(kid?.figures[0]?.[0].half).toBeCloseTo((4.303 * 10) / Math.sqrt(3), 2);
  const difference = kid?.differences[1];
  expect(difference).toMatchObject({ value: -15, runs: 3 });
  expect(difference?.half).toBeCloseTo((4.303 * 1) / Math.sqrt(3), 2); // 15, 16 and 14 apart: pairs know more
  expect(kid?.differences[0]).toBeNull();
});

test("a run alone keeps the interval of its measurement", () => {
  const [kid] = groupLines(single(run(0, 0, [100]), run(2, 0, [80])), "step");
  expect(kid?.figures).toEqual([
    [{ value: 100, half: 4, runs: 1 }, [10]],
    [{ value: 80, half: 4, runs: 1 }, [10]],
  ]);
  expect(kid?.differences[1]).toEqual({ value: -20, half: Math.hypot(4, 4), runs: 1 });
});

test("groups without a seed in common are as far apart as both intervals allow", () => {
  const others = [run(2, 7, [80, 40, 30]), run(2, 8, [80, 40, 34])];
  const [kid] = groupLines(folded(...VANILLA, ...others), "step");
  const [a, b] = kid?.figures.map((one) => one?.[0].half ?? NaN) ?? [];
  expect(kid?.differences[1]?.value).toBe(-18);
  expect(kid?.differences[1]?.half).toBeCloseTo(Math.hypot(a ?? NaN, b ?? NaN), 10);
});

test("what differs are settings; seeds are a row of their own", () => {
  expect(
    groupSettings(folded(...VANILLA, ...REPA)).map(({ label, values }) => [label, values]),
  ).toEqual([
    ["Alignment weight λ", ["0", "2"]],
    ["Seeds", ["0, 1, 2", "0, 1, 2"]],
  ]);
  expect(groupSettings(single(run(0, 0, []), run(0, 1, []))).map(({ label }) => label)).toEqual([
    "Seed",
  ]);
});

test("the speed-up over seeds is the mean of the pairs' ratios, where all runs came to the KID", () => {
  const groups = folded(...VANILLA, ...REPA);
  const [vanilla, repa] = groups;
  if (!vanilla || !repa) throw new Error("two groups");
  expect(lastKidOf(groups, "s")).toBe(50);
  const typed = (kid: number) => boundOf(groups, "s", kid);
  expect(groupCrossing(vanilla, "s", typed(50))).toMatchObject({ reached: 2, of: 3 });
  expect(groupSpeed(vanilla, repa, "s", typed(50))).toBeNull(); // vanilla's second run has not come there
  const speed = groupSpeed(vanilla, repa, "s", typed(65));
  const ratios = [18.75 / 13.75, 27.5 / (10 + 250 / 29), 22.5 / (10 + 200 / 35)];
  expect(speed?.pairs).toBe(3);
  expect(speed?.times).toBeCloseTo(ratios.reduce((sum, one) => sum + one, 0) / 3, 10);
  expect(speed?.low).toBeLessThan(speed?.times ?? 0);
  const [one, other] = single(...VANILLA.slice(0, 1), ...REPA.slice(0, 1));
  expect(one && other && groupSpeed(one, other, "s", () => 60)).toMatchObject({
    pairs: 1,
    low: 10 / 20,
  });
});

test("without a typed value each seed is held to what vanilla came to with it", () => {
  const groups = folded(...VANILLA, ...REPA);
  const [vanilla, repa] = groups;
  if (!vanilla || !repa) throw new Error("two groups");
  const bound = boundOf(groups, "s", null);
  expect(VANILLA.map(bound)).toEqual([40, 60, 50]);
  expect(groupCrossing(vanilla, "s", bound)).toMatchObject({ reached: 3, at: { value: 30 } });
  const at = [20, 20 + 10 / 17, 20]; // of KID 40, 60 and 50
  const speed = groupSpeed(vanilla, repa, "s", bound);
  expect(speed?.times).toBeCloseTo(at.reduce((sum, step) => sum + 30 / step, 0) / 3, 10);
  expect(speed?.pairs).toBe(3);
});

test("after one time, the runs of a seed are read together, however long those of another took", () => {
  const slow = (run: FigureRun): FigureRun => ({
    ...run,
    log: appendSteps(
      emptyStepLog(),
      Array.from({ length: 30 }, (_, i) => ({
        ...{ step: i + 1, velocityLoss: 1, projLoss: 0, gradNorm: 1, stepMs: 1000 },
      })),
    ),
  });
  const groups = folded(
    ...VANILLA.slice(0, 1),
    ...VANILLA.slice(1).map(slow),
    ...REPA.slice(0, 1),
    ...REPA.slice(1).map(slow),
  );
  const [kid] = groupLines(groups, "time");
  expect(kid?.figures.map((one) => one?.[0].value)).toEqual([50, 35]); // all at their last step
});
