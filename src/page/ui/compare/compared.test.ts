import { expect, test } from "vitest";
import { presetById } from "../../../common/config/presets";
import { groupsOf, type FigureRun } from "../../store/figureRuns";
import { initialMetrics, recordMeasurement } from "../../store/metricsSlice";
import { appendSteps, emptyStepLog } from "../../store/stepLog";
import {
  comparedOf,
  commonStep,
  crossingOf,
  differenceTo,
  figureLines,
  settingRows,
  speedUp,
} from "./compared";

const { experiment } = presetById("first-minute");

function run(
  id: string,
  lambda: number,
  kids: readonly (readonly [number, number])[],
  stepMs = 100,
) {
  const measured = kids.map(([step, kid]) => ({
    ...{ kind: "sampleQuality" as const, step, space: "s", kid, kidLow: kid - 4, kidHigh: kid + 4 },
    ...{ sampleCount: 256, pairCount: 128, referenceCount: 3000, kidFloor: 0 },
    ...{ frechetTop: kid / 10, components: 32, frechetFloor: 0 },
  }));
  const last = kids.at(-1)?.[0] ?? 1;
  const points = Array.from({ length: last }, (_, at) => ({
    ...{ step: at + 1, velocityLoss: 1, projLoss: 0, gradNorm: 1, stepMs },
  }));
  const made: FigureRun = {
    ...{ id, name: id, color: "red", dashed: false, timeline: [], device: null },
    ...{ forkedFrom: null, since: 0 },
    experiment: { ...experiment, alignment: { ...experiment.alignment, projCoeff: lambda } },
    log: appendSteps(emptyStepLog(), points),
    extremes: null,
    metrics: measured.reduce(recordMeasurement, initialMetrics),
  };
  return made;
}

const vanilla = run("vanilla", 0, [
  [10, 100],
  [20, 60],
  [30, 40],
]);
const repa = run(
  "repa",
  0.5,
  [
    [10, 80],
    [20, 30],
  ],
  200,
);

test("the newest six are compared, and one that was asked for", () => {
  const runs = Array.from({ length: 8 }, (_, i) => ({ ...vanilla, id: String(i) }));
  const drawn = groupsOf(runs, false);
  const ids = (asked: string | null) => comparedOf(drawn, asked).map(({ key }) => key);
  expect(ids(null)).toEqual(["2", "3", "4", "5", "6", "7"]);
  expect(ids("0")).toEqual(["0", "3", "4", "5", "6", "7"]);
  expect(ids("4")).toEqual(ids(null));
  expect(ids("deleted")).toEqual(ids(null));
  // what others are measured against is vanilla, however old it is
  const newer = groupsOf([repa, vanilla], false);
  expect(comparedOf(newer, null).map(({ key }) => key)).toEqual(["vanilla", "repa"]);
});

test("only what differs has a row, with a value a run; live changes are such", () => {
  expect(settingRows([vanilla, repa])).toEqual([
    { label: "Alignment weight λ", unit: expect.any(String) as string, values: ["0", "0.5"] },
  ]);
  const changed = { ...repa, timeline: [{ step: 5, change: { projCoeff: 1 } }] };
  expect(settingRows([vanilla, changed]).at(-1)?.values).toEqual(["none", "λ 1 at 5"]);
  expect(settingRows([vanilla, vanilla])).toEqual([]);
});

test("figures are read at the last step that all have, or at one time", () => {
  expect(commonStep([vanilla, repa])).toBe(20);
  const kidsAt = (reading: "step" | "time") =>
    figureLines([vanilla, repa], reading)[0]?.figures.map((figure) => figure?.value);
  expect(kidsAt("step")).toEqual([60, 30]);
  // vanilla's 30 steps took 3 s, in which the other took 15
  expect(kidsAt("time")).toEqual([40, 80]);
  expect(commonStep([vanilla, run("none", 0, [])])).toBeNull();
});

test("a difference has the interval of both measurements", () => {
  const { value, half } = differenceTo(
    { value: 60, half: 3, step: 1 },
    { value: 30, half: 4, step: 1 },
  );
  expect([value, half]).toEqual([-30, 5]);
  expect(
    differenceTo({ value: 1, half: null, step: 1 }, { value: 2, half: 1, step: 1 }).half,
  ).toBeNull();
});

test("KID falls below a value between two measurements", () => {
  expect(crossingOf(vanilla, "s", 50)).toEqual({ after: 20, by: 30, at: 25 });
  expect(crossingOf(repa, "s", 50)).toEqual({ after: 10, by: 20, at: 16 });
  expect(crossingOf(vanilla, "s", 39)).toBeNull();
  expect(crossingOf(vanilla, "s", 40)?.at).toBe(30); // its own last one
  expect(crossingOf(repa, "s", 90)).toEqual({ after: 0, by: 10, at: 10 });
});

test("a speed-up is as uncertain as its measurements are far apart", () => {
  const { times, low, high } = speedUp(
    { after: 20, by: 30, at: 25 },
    { after: 10, by: 20, at: 16 },
  );
  expect(times).toBeCloseTo(25 / 16, 12);
  expect([low, high]).toEqual([1, 3]);
  expect(speedUp({ after: 20, by: 30, at: 25 }, { after: 0, by: 10, at: 10 }).high).toBe(Infinity);
});
