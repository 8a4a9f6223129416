import { shallow } from "zustand/shallow";
import type { StepMetricId } from "../../../common/catalogue/liveMetrics";
import { minMaxIndices } from "../../../common/math/decimate";
import { averageAfter, exponentialSmooth, type Average } from "../../../common/math/smooth";
import type { FigureGroup, FigureRun, ForkedFrom } from "../../store/figureRuns";
import { firstIndexAtOrAfter, nearestIndex, stepAt, type StepLog } from "../../store/stepLog";
import type { XMode, XRange } from "../../store/viewSlice";
import { firstAtOrAfter, placeOf, placesOf, pointBefore } from "./runAxis";

/** Most points a line is drawn with, whatever was logged. */
const MAX_POINTS = 600;

export type Point = readonly [x: number, y: number];

/** A line of a run, or of the mean of several. */
export interface RunLine {
  readonly key: string;
  readonly color: string;
  readonly dashed?: boolean;
  readonly width: number;
  readonly opacity?: number;
  /** Each point is drawn as well. */
  readonly dots?: boolean;
  /** A value that is not finite breaks the line and is marked. */
  readonly points: readonly Point[];
}

/** A run's line, as the list beside the pointer speaks of it. */
export interface HoverLine {
  readonly key: string;
  readonly name: string;
  readonly color: string;
  readonly dashed: boolean;
  readonly points: readonly Point[];
}

/** What lies between two values at each place. */
export interface RunBand {
  readonly key: string;
  readonly color: string;
  readonly points: readonly (readonly [x: number, low: number, high: number])[];
}

export interface Drawing {
  readonly lines: readonly RunLine[];
  readonly bands: readonly RunBand[];
}

interface Smoothed {
  readonly weight: number;
  readonly from: ForkedFrom | null;
  readonly values: Float64Array;
}
const SMOOTHED = new WeakMap<StepLog, Map<StepMetricId, Smoothed>>();

/** What a run's average follows from. */
type Averaged = Pick<FigureRun, "log" | "forkedFrom">;

/**
 * A column's moving average over steps, of a fork as of one curve with its ancestors' before it. Made once for a log that does
 * not grow, and again for another weight.
 */
export function smoothed(run: Averaged, column: StepMetricId, weight: number): Float64Array {
  const { log, forkedFrom: from } = run;
  const columns = SMOOTHED.get(log) ?? new Map<StepMetricId, Smoothed>();
  SMOOTHED.set(log, columns);
  const before = columns.get(column);
  if (before?.weight === weight && before.from === from) return before.values;
  const { [column]: raw, step } = log.columns;
  const values = exponentialSmooth(
    raw,
    log.length,
    weight,
    step,
    averageAtFork(run, column, weight),
  );
  columns.set(column, { weight, from, values });
  return values;
}

/** The average that a fork's goes on with: of its ancestors' curves, up to where each was left. */
function averageAtFork(
  { forkedFrom }: Averaged,
  column: StepMetricId,
  weight: number,
): Average | undefined {
  if (!forkedFrom?.run) return undefined;
  const { run, step } = forkedFrom;
  const { [column]: raw, step: steps } = run.log.columns;
  const length = firstIndexAtOrAfter(run.log, step + 1);
  return averageAfter(raw, length, weight, steps, averageAtFork(run, column, weight));
}

interface View {
  readonly mode: XMode;
  readonly range: XRange;
  readonly smoothing: number;
}

/** Indices [from, to) of the points inside a range, and the neighbour on either side: lines reach the edge. */
function inside(places: ArrayLike<number>, length: number, [from, to]: XRange): [number, number] {
  const first = Math.max(0, firstAtOrAfter(places, length, from) - 1);
  return [first, Math.min(length, firstAtOrAfter(places, length, to) + 2)];
}

/**
 * A run's raw line and its average, thinned so that every spike of the raw values stays. Those of a fork begin at its parent's.
 */
function linesOfRun(run: FigureRun, column: StepMetricId, view: View): RunLine[] {
  const { log, extremes, id, color, dashed } = run;
  const joint = jointOf(run, column, view);
  const seen = thinned(log, column, placesOf(view.mode, run), view);
  const raw = extremes
    ? thinned(
        extremes,
        column,
        placesOf(view.mode, run, extremes),
        view,
      )(extremes.columns[column], joint?.raw)
    : seen(log.columns[column], joint?.raw);
  const look = { color, dashed };
  if (view.smoothing === 0) return [{ key: id, ...look, width: 1.3, points: raw }];
  const smooth = smoothed(run, column, view.smoothing);
  return [
    { key: `${id} raw`, color, width: 1, opacity: 0.22, points: raw },
    { key: id, ...look, width: 1.8, points: seen(smooth, joint?.average) },
  ];
}

/** The point of its parent's lines that a fork's begin at; null of a run that is none, and where that is not known. */
function jointOf(
  run: FigureRun,
  column: StepMetricId,
  { mode, smoothing }: View,
): { readonly raw: Point; readonly average: Point } | null {
  const before = pointBefore(run);
  if (!before) return null;
  const { log } = before.run;
  const place = placeOf(mode, run, stepAt(log, before.index));
  return {
    raw: [place, log.columns[column][before.index] ?? NaN],
    average: [place, averageAtFork(run, column, smoothing)?.value ?? NaN],
  };
}

/**
 * Values at the places of a log's steps that are in view, as many as can be seen: no spike of `column` is lost. A point that they
 * follow is put before the log's first.
 */
function thinned(log: StepLog, column: StepMetricId, places: ArrayLike<number>, { range }: View) {
  const [from, to] = inside(places, log.length, range);
  const indices = minMaxIndices(log.columns[column].subarray(from, to), to - from, MAX_POINTS);
  return (values: ArrayLike<number>, before: Point | undefined): Point[] => [
    ...(before && from === 0 ? [before] : []),
    ...indices.map((index): Point => [places[from + index] ?? NaN, values[from + index] ?? NaN]),
  ];
}

/** Mean and range of several curves at the places that all of them have. */
export function fold(curves: readonly (readonly Point[])[]): {
  readonly mean: readonly Point[];
  readonly range: RunBand["points"];
} {
  const maps = curves.map((points) => new Map(points));
  const common = [...(maps[0]?.keys() ?? [])].filter((x) => maps.every((map) => map.has(x)));
  const rows = common.sort((a, b) => a - b).map((x) => ({ x, ys: maps.map((m) => m.get(x) ?? 0) }));
  return {
    mean: rows.map(({ x, ys }) => [x, ys.reduce((sum, y) => sum + y, 0) / ys.length]),
    range: rows.map(({ x, ys }) => [x, Math.min(...ys), Math.max(...ys)]),
  };
}

/** The line and the band of runs that are drawn as one. */
function foldedDrawing(
  { key, color, dashed }: FigureGroup,
  curves: readonly (readonly Point[])[],
  dots: boolean,
): Drawing {
  const { mean, range } = fold(curves);
  return {
    lines: [{ key, color, dashed, width: 2, dots, points: mean }],
    bands: [{ key, color, points: range }],
  };
}

/** The averages of a group's runs at the steps that its most thinned log has. */
function foldedSteps(group: FigureGroup, column: StepMetricId, view: View): Drawing {
  const shortest = group.runs.reduce((a, b) => (b.log.length < a.log.length ? b : a));
  const every = Math.max(1, Math.ceil(shortest.log.length / MAX_POINTS));
  const steps = Array.from({ length: Math.ceil(shortest.log.length / every) }, (_, i) =>
    stepAt(shortest.log, i * every),
  );
  const lead = group.runs[0] ?? shortest;
  const curves = group.runs.map((run) => {
    const values = smoothed(run, column, view.smoothing);
    return steps.flatMap((step): Point[] => {
      const index = nearestIndex(run.log, step);
      if (stepAt(run.log, index) !== step) return [];
      return [[placeOf(view.mode, lead, step), values[index] ?? NaN]];
    });
  });
  return foldedDrawing(group, curves, false);
}

/** A group's part of a drawing, and what it was made of. */
interface Part {
  readonly of: readonly unknown[];
  readonly drawing: Drawing;
}

const PARTS = new WeakMap<FigureRun, Map<StepMetricId, Part>>();

/** What is drawn of a group. Remembered by its first run: while one run trains, those beside it are not thinned again. */
function partOf(group: FigureGroup, column: StepMetricId, view: View): Drawing {
  const [run, ...others] = group.runs;
  if (!run) return { lines: [], bands: [] };
  const of = [view.mode, view.smoothing, ...view.range, ...others];
  const parts = PARTS.get(run) ?? new Map<StepMetricId, Part>();
  PARTS.set(run, parts);
  const known = parts.get(column);
  if (known && shallow(known.of, of)) return known.drawing;
  const drawing =
    others.length === 0
      ? { lines: linesOfRun(run, column, view), bands: [] }
      : foldedSteps(group, column, view);
  parts.set(column, { of, drawing });
  return drawing;
}

/** A logged metric of every group over steps. A line of a run that is as it was is the same object. */
export const stepDrawing = (
  groups: readonly FigureGroup[],
  column: StepMetricId,
  view: View,
): Drawing => joined(groups.map((group) => partOf(group, column, view)));

/** A rare measurement of a run: where it was made, what it says, and its interval where it has one. */
export interface MeasuredPoint {
  readonly step: number;
  readonly value: number;
  readonly interval?: readonly [low: number, high: number] | undefined;
}

/** What of a run its measurements are read from. */
export type MeasuredRun = Pick<FigureRun, "id" | "metrics">;

/** The last measurement of its ancestors before a fork; none of a run that is no fork. */
function measuredBefore(
  { forkedFrom }: Pick<FigureRun, "forkedFrom">,
  measured: (run: MeasuredRun) => readonly MeasuredPoint[],
): readonly MeasuredPoint[] {
  if (!forkedFrom?.run) return [];
  const { run, step } = forkedFrom;
  const last = measured(run).findLast((point) => point.step <= step);
  return last ? [last] : measuredBefore(run, measured);
}

/**
 * A measured metric of every group over steps. A fork's line begins at its parent's last point before it.
 * @param measured of one run, ascending
 */
export function measuredDrawing(
  groups: readonly FigureGroup[],
  mode: XMode,
  measured: (run: MeasuredRun) => readonly MeasuredPoint[],
): Drawing {
  const parts = groups.map((group): Drawing => {
    const [run] = group.runs;
    const pointsOf = (one: FigureRun): Point[] =>
      measured(one).map(({ step, value }) => [placeOf(mode, run ?? one, step), value]);
    if (!run || group.runs.length > 1) return foldedDrawing(group, group.runs.map(pointsOf), true);
    const { id: key, color, dashed } = run;
    const own = measured(run);
    const whole = own.length > 0 ? [...measuredBefore(run, measured), ...own] : own;
    const points = whole.flatMap(({ step, interval }): RunBand["points"] =>
      interval ? [[placeOf(mode, run, step), ...interval]] : [],
    );
    const line = whole.map(({ step, value }): Point => [placeOf(mode, run, step), value]);
    return {
      lines: [{ key, color, dashed, width: 1.6, dots: true, points: line }],
      bands: points.length > 0 ? [{ key, color, points }] : [],
    };
  });
  return joined(parts);
}

const joined = (parts: readonly Drawing[]): Drawing => ({
  lines: parts.flatMap(({ lines }) => lines),
  bands: parts.flatMap(({ bands }) => bands),
});

/** Every value of a drawing that lies in a range, for the axis upward. */
export function valuesIn({ lines, bands }: Drawing, [from, to]: XRange): number[] {
  const values: number[] = [];
  for (const { points } of lines)
    for (const [x, y] of points) if (x >= from && x <= to) values.push(y);
  for (const { points } of bands)
    for (const [x, low, high] of points) if (x >= from && x <= to) values.push(low, high);
  return values;
}
