import type { StepPoint } from "../protocol/trainer";
import type { SeriesRecord } from "./db";
import type { StepRows } from "./stepRows";

/** Enough for a curve a screen wide; some 200 kB a run. */
export const MOST_POINTS = 1000;

export type Series = Pick<SeriesRecord, "stride" | "points" | "extremes">;

export const emptySeries: Series = { stride: 1, points: [] };

/**
 * A series with newly logged steps. It holds the steps that are multiples of its stride, which doubles when there are too
 * many, and the lowest and highest values of all steps from each of them to the next, so that no spike is lost. The result
 * depends on which steps were logged, not on when or how often.
 * @param logged in any order; a step that is there already takes its newest values
 */
export function withSteps(series: Series, logged: readonly StepPoint[]): Series {
  if (logged.length === 0) return series;
  let { stride } = series;
  const kept = logged.filter(({ step }) => step % stride === 0);
  const last = series.points.at(-1)?.step ?? -Infinity;
  const inOrder = kept.every(({ step }, i) => step > (kept[i - 1]?.step ?? last));
  let points = inOrder ? [...series.points, ...kept] : merged(series.points, kept);
  // while every step is kept, the points are their own extremes
  let { extremes } = series;
  if (stride > 1) extremes = widened(extremes, logged, stride);
  while (points.length > MOST_POINTS) {
    stride *= 2;
    extremes = stride === 2 ? widened(undefined, points, 2) : joinedRanges(extremes, stride);
    points = points.filter(({ step }) => step % stride === 0);
  }
  return { stride, points, ...(extremes && { extremes }) };
}

/** Both by step; of two of the same step the later one. */
function merged(points: readonly StepPoint[], logged: readonly StepPoint[]): StepPoint[] {
  const byStep = new Map([...points, ...logged].map((point) => [point.step, point]));
  return [...byStep.values()].sort((a, b) => a.step - b.step);
}

/**
 * Lowest, then highest of every column over the steps of a stride: a pair of rows of `extremes`. The first column of both
 * is the first of these steps.
 */
type Range = Float64Array;

const rangesOf = ({ columns, values }: StepRows): Range[] =>
  Array.from({ length: values.length / (2 * columns.length) }, (_, i) =>
    values.slice(2 * i * columns.length, 2 * (i + 1) * columns.length),
  );

function rowsOf(columns: readonly string[], ranges: readonly Range[]): StepRows {
  const values = new Float64Array(2 * columns.length * ranges.length);
  ranges.forEach((range, i) => values.set(range, 2 * i * columns.length));
  return { columns, values };
}

const firstStep = (range: Range): number => range[0] ?? NaN;

/** Ranges, by step, that reach over `logged` as well. Metrics that the first of them did not have are left out. */
function widened(
  extremes: StepRows | undefined,
  logged: readonly StepPoint[],
  stride: number,
): StepRows {
  const columns = extremes?.columns ?? stepFirst(logged);
  const ranges = new Map<number, Range>();
  if (extremes) for (const range of rangesOf(extremes)) ranges.set(firstStep(range), range);
  let newest = [...ranges.keys()].at(-1) ?? -Infinity;
  let inOrder = true;
  for (const point of logged) {
    const first = point.step - (point.step % stride);
    const values: Readonly<Record<string, number>> = { ...point, step: first };
    const row = columns.map((name) => values[name] ?? NaN);
    const known = ranges.get(first);
    if (known) widen(known, [...row, ...row]);
    else ranges.set(first, Float64Array.from([...row, ...row]));
    inOrder &&= first >= newest;
    newest = Math.max(newest, first);
  }
  const found = [...ranges.values()];
  return rowsOf(columns, inOrder ? found : found.sort((a, b) => firstStep(a) - firstStep(b)));
}

const stepFirst = ([first]: readonly StepPoint[]): readonly string[] => [
  "step",
  ...Object.keys(first ?? {}).filter((name) => name !== "step"),
];

/** Ranges over twice as many steps. */
function joinedRanges(extremes: StepRows | undefined, stride: number): StepRows | undefined {
  if (!extremes) return undefined;
  const joined: Range[] = [];
  for (const range of rangesOf(extremes)) {
    const first = firstStep(range) - (firstStep(range) % stride);
    range[0] = range[range.length / 2] = first;
    const before = joined.at(-1);
    if (before && firstStep(before) === first) widen(before, range);
    else joined.push(range);
  }
  return rowsOf(extremes.columns, joined);
}

/** A value that is not finite counts as the highest: a hole is news. */
const lower = (a: number, b: number): number =>
  !Number.isFinite(a) || (Number.isFinite(b) && b < a) ? b : a;
const higher = (a: number, b: number): number =>
  Number.isFinite(a) && (!Number.isFinite(b) || b > a) ? b : a;

/** Makes a range reach over another one. */
function widen(range: Range, other: ArrayLike<number>): void {
  const width = range.length / 2;
  for (let low = 0, high = width; low < width; low++, high++) {
    range[low] = lower(range[low] ?? NaN, other[low] ?? NaN);
    range[high] = higher(range[high] ?? NaN, other[high] ?? NaN);
  }
}
