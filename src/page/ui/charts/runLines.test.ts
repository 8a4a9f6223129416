import { expect, test } from "vitest";
import { presetById } from "../../../common/config/presets";
import type { FigureRun } from "../../store/figureRuns";
import { groupsOf } from "../../store/figureRuns";
import { emptySeries, withSteps } from "../../../common/storage/series";
import { curvesOf } from "../../store/runsSlice";
import { initialMetrics } from "../../store/metricsSlice";
import { appendSteps, emptyStepLog } from "../../store/stepLog";
import { endOf, placeOf, runAxis, shareOf, stepNear, valueAt } from "./runAxis";
import {
  fold,
  measuredDrawing,
  smoothed,
  stepDrawing,
  valuesIn,
  type MeasuredRun,
} from "./runLines";

const { experiment } = presetById("first-minute"); // batches of 32

/** A run that logged these steps, each of 100 ms. */
function runOf(
  id: string,
  losses: readonly (readonly [step: number, loss: number])[],
  seed = 0,
): FigureRun {
  const points = losses.map(([step, velocityLoss]) => ({
    ...{ step, velocityLoss, projLoss: 0, gradNorm: 1, stepMs: 100 },
  }));
  return {
    ...{ id, name: id, color: "red", dashed: false, timeline: [], device: null },
    ...{ forkedFrom: null, since: 0 },
    experiment: { ...experiment, optimizer: { ...experiment.optimizer, seed } },
    log: appendSteps(emptyStepLog(), points),
    extremes: null,
    metrics: initialMetrics,
  };
}

const whole = { mode: "step", range: [0, 1000], smoothing: 0 } as const;
const EVERY = [1, 2, 3, 4].map((step) => [step, step * 10] as const);

test("a step's place is the step, the images seen up to it, or the seconds of training", () => {
  const run = runOf("a", EVERY);
  expect(placeOf("step", run, 3)).toBe(3);
  expect(placeOf("images", run, 3)).toBe(96);
  expect(placeOf("time", run, 3)).toBeCloseTo(0.3, 12);
});

test("a thinned run takes as long as the whole one", () => {
  const thinned = runOf("a", [
    [2, 1],
    [4, 1],
  ]);
  expect(placeOf("time", thinned, 4)).toBeCloseTo(placeOf("time", runOf("b", EVERY), 4), 12);
});

test("the step at a place is the nearest one that is logged, in every unit", () => {
  const run = runOf("a", EVERY);
  for (const mode of ["step", "images", "time"] as const) {
    expect(stepNear(mode, run, placeOf(mode, run, 3) * 1.02)).toBe(3);
    expect(stepNear(mode, run, 1e9)).toBe(4);
  }
  expect(stepNear("step", runOf("b", []), 3)).toBeNull();
});

test("a share of the axis and the value there are each other's inverse, linear and logarithmic", () => {
  for (const log of [false, true]) {
    expect(shareOf(valueAt(0.3, [2, 500], log), [2, 500], log)).toBeCloseTo(0.3, 12);
  }
});

test("the axis ends at the longest run, and a zoom shows its part with ticks at whole steps", () => {
  const end = endOf("step", [runOf("a", EVERY), runOf("b", [[9, 1]])]);
  expect(end).toBe(9);
  expect(runAxis("step", false, end, null).scale.domain).toEqual([0, 9]);
  const { scale } = runAxis("step", false, end, [2, 4]);
  expect(scale).toEqual({ domain: [2, 4], ticks: [2, 3, 4] });
  expect(runAxis("step", true, end, null).scale.domain[0]).toBe(1); // there is no logarithm of 0
});

test("a line has every point of a short run, and the range beside the zoom's edges", () => {
  const groups = groupsOf([runOf("a", EVERY)], false);
  const { lines } = stepDrawing(groups, "velocityLoss", whole);
  expect(lines[0]?.points).toEqual([
    [1, 10],
    [2, 20],
    [3, 30],
    [4, 40],
  ]);
  const zoomed = stepDrawing(groups, "velocityLoss", { ...whole, range: [3, 3.5] });
  expect(zoomed.lines[0]?.points.map(([x]) => x)).toEqual([2, 3, 4]);
  expect(valuesIn(zoomed, [3, 3.5])).toEqual([30]);
});

test("thinning keeps a spike and a hole of a long run", () => {
  const long = Array.from({ length: 20_000 }, (_, at) => [at + 1, 1] as const).map(
    ([step, value]) => [step, step === 7777 ? 99 : step === 12_345 ? NaN : value] as const,
  );
  const [line] = stepDrawing(groupsOf([runOf("a", long)], false), "velocityLoss", {
    ...whole,
    range: [0, 20_000],
  }).lines;
  const points = line?.points ?? [];
  expect(points.length).toBeLessThanOrEqual(600);
  expect(points).toContainEqual([7777, 99]);
  expect(points).toContainEqual([12_345, NaN]);
});

test("a run that was stored thinned still shows the spike between two of its steps", () => {
  const whole = Array.from({ length: 5000 }, (_, at) => ({
    ...{
      step: at + 1,
      velocityLoss: at + 1 === 777 ? 99 : 1,
      projLoss: 0,
      gradNorm: 1,
      stepMs: 100,
    },
  }));
  const stored = withSteps(emptySeries, whole);
  const { log, extremes } = curvesOf({ runId: "a", updatedAtMs: 0 }, stored, [], []);
  const run = { ...runOf("a", []), log, extremes };
  expect(log.length).toBeLessThan(1000);
  for (const mode of ["step", "images", "time"] as const) {
    const { lines } = stepDrawing(groupsOf([run], false), "velocityLoss", {
      ...{ mode, range: [0, 1e6], smoothing: 0.9 },
    });
    const spike = lines[0]?.points.find(([, loss]) => loss === 99);
    const first = 777 - (777 % stored.stride);
    expect(spike?.[0]).toBeCloseTo(placeOf(mode, run, first), -1);
  }
});

test("runs that differ in the seed alone fold into mean and range at the steps all of them have", () => {
  const runs = [
    runOf("a", EVERY, 0),
    runOf(
      "b",
      [
        [2, 40],
        [4, 60],
      ],
      1,
    ),
  ];
  const [group, ...others] = groupsOf(runs, true);
  expect(others).toEqual([]);
  expect(group?.runs).toHaveLength(2);
  const { lines, bands } = stepDrawing(groupsOf(runs, true), "velocityLoss", whole);
  expect(lines[0]?.points).toEqual([
    [2, 30],
    [4, 50],
  ]);
  expect(bands[0]?.points).toEqual([
    [2, 20, 40],
    [4, 40, 60],
  ]);
  expect(groupsOf(runs, false)).toHaveLength(2);
});

test("a measured metric has its interval alone, and the range over seeds in a fold", () => {
  const runs = [runOf("a", EVERY, 0), runOf("b", EVERY, 1)];
  const measured = ({ id }: MeasuredRun) => [
    { step: 2, value: id === "a" ? 5 : 7, interval: [4, 8] as const },
  ];
  const alone = measuredDrawing(groupsOf(runs, false), "step", measured);
  expect(alone.bands.map(({ points }) => points)).toEqual([[[2, 4, 8]], [[2, 4, 8]]]);
  const folded = measuredDrawing(groupsOf(runs, true), "step", measured);
  expect(folded.lines[0]?.points).toEqual([[2, 6]]);
  expect(folded.bands[0]?.points).toEqual([[2, 5, 7]]);
});

/** A run of ten steps, the last six of which a fork took; the fork of the fork took the last two. */
function forks() {
  const losses = Array.from({ length: 10 }, (_, at) => [at + 1, (at * 7) % 5] as const);
  const whole = runOf("whole", losses);
  const parent = runOf("parent", losses.slice(0, 6));
  const fork = {
    ...runOf("fork", losses.slice(4, 9)),
    ...{ since: 4, forkedFrom: { step: 4, change: [], run: parent } },
  };
  const second = {
    ...runOf("second", losses.slice(8)),
    ...{ since: 8, forkedFrom: { step: 8, change: [], run: fork } },
  };
  return { whole, parent, fork, second };
}

test("a fork's line begins at its parent's point, and is smoothed as one curve with it", () => {
  const { whole: one, fork, second } = forks();
  const view = { ...whole, smoothing: 0.7 };
  const [raw, average] = stepDrawing(groupsOf([second], false), "velocityLoss", view).lines;
  const all = smoothed(one, "velocityLoss", 0.7);
  expect(raw?.points).toEqual([8, 9, 10].map((step) => [step, ((step - 1) * 7) % 5]));
  const places = average?.points.map(([x]) => x);
  expect(places).toEqual([8, 9, 10]);
  average?.points.forEach(([step, value]) => expect(value).toBeCloseTo(all[step - 1] ?? NaN, 12));
  // not where it is looked at later parts alone, and not where the parent is deleted
  const later = stepDrawing(groupsOf([fork], false), "velocityLoss", { ...whole, range: [7, 9] });
  expect(later.lines[0]?.points[0]?.[0]).toBe(6);
  const orphan = { ...fork, forkedFrom: { step: 4, change: [], run: null } };
  const alone = stepDrawing(groupsOf([orphan], false), "velocityLoss", whole);
  expect(alone.lines[0]?.points[0]?.[0]).toBe(5);
});

test("a fork's measured line begins at the last measurement before it, of whichever ancestor", () => {
  const { parent, fork, second } = forks();
  const measured = ({ id }: MeasuredRun) =>
    ({
      parent: [2, 3, 6].map((step) => ({ step, value: step * 10 })),
      fork: [],
      second: [{ step: 10, value: 7 }],
    })[id] ?? [];
  const pointsOf = (run: FigureRun) =>
    measuredDrawing(groupsOf([run], false), "step", measured).lines[0]?.points;
  expect(pointsOf(second)).toEqual([
    [3, 30],
    [10, 7],
  ]);
  expect(pointsOf(fork)).toEqual([]); // nothing of its own yet
  expect(pointsOf(parent)).toHaveLength(3);
});

test("a fork has trained as long as its parent had, and its axis may begin where it does", () => {
  const { whole: one, parent, second } = forks();
  expect(placeOf("time", second, 10)).toBeCloseTo(placeOf("time", one, 10), 12);
  expect(placeOf("time", second, 3)).toBeCloseTo(0.3, 12); // an ancestor's step
  expect(placeOf("images", second, 10)).toBe(320);
  expect(placeOf("fork", second, 10)).toBe(2);
  expect(placeOf("fork", { ...parent, since: 4 }, 6)).toBe(2);
  expect(stepNear("fork", second, 1.9)).toBe(10);
});

test("a fork is no repetition of a run with its settings", () => {
  const { whole: one, fork } = forks();
  expect(groupsOf([one, fork], true)).toHaveLength(2);
});

test("nothing folds into nothing", () => {
  expect(fold([])).toEqual({ mean: [], range: [] });
});

test("lines of the runs beside one that grows are the same objects", () => {
  const [still, other] = [runOf("still", EVERY), runOf("other", EVERY, 1)];
  const view = { ...whole, smoothing: 0.9 };
  const linesOf = (seen: Parameters<typeof stepDrawing>[2], ...runs: FigureRun[]) =>
    stepDrawing(groupsOf(runs, false), "velocityLoss", seen).lines;
  const before = linesOf(view, still, other);
  const grown = { ...other, log: appendSteps(other.log, []) };
  const after = linesOf({ ...view }, still, grown);
  expect(after.slice(0, 2).map((line, i) => line === before[i])).toEqual([true, true]);
  expect(after.slice(2).map((line, i) => line === before[i + 2])).toEqual([false, false]);
  // another view, or another column, is another drawing
  expect(linesOf({ ...view, range: [0, 3] }, still)[0]).not.toBe(before[0]);
  expect(linesOf({ ...view, smoothing: 0.5 }, still)[1]).not.toBe(before[1]);
  expect(stepDrawing(groupsOf([still], false), "gradNorm", view).lines[0]?.points).not.toEqual(
    before[0]?.points,
  );
});
