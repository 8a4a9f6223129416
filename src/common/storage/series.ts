import type { StepPoint } from "../protocol/trainer";
import type { SeriesRecord } from "./db";

/** Enough for a curve a screen wide; some 100 kB a run. */
export const MOST_POINTS = 1000;

export type Series = Pick<SeriesRecord, "stride" | "points">;

export const emptySeries: Series = { stride: 1, points: [] };

/**
 * A series with newly logged steps. It holds the steps that are multiples of its stride, which doubles when there are too
 * many: the result depends on which steps were logged, not on when or how often.
 * @param logged in any order; a step that is there already takes its newest values
 */
export function withSteps(series: Series, logged: readonly StepPoint[]): Series {
  let { stride } = series;
  const kept = logged.filter(({ step }) => step % stride === 0);
  if (kept.length === 0) return series;
  const last = series.points.at(-1)?.step ?? -Infinity;
  const inOrder = kept.every(({ step }, i) => step > (kept[i - 1]?.step ?? last));
  let points = inOrder ? [...series.points, ...kept] : merged(series.points, kept);
  while (points.length > MOST_POINTS) {
    stride *= 2;
    points = points.filter(({ step }) => step % stride === 0);
  }
  return { stride, points };
}

/** Both by step; of two of the same step the later one. */
function merged(points: readonly StepPoint[], logged: readonly StepPoint[]): StepPoint[] {
  const byStep = new Map([...points, ...logged].map((point) => [point.step, point]));
  return [...byStep.values()].sort((a, b) => a.step - b.step);
}
