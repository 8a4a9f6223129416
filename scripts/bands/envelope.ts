import type { BandRange } from "../../src/common/config/referenceBand";

export interface Curve {
  readonly steps: readonly number[];
  readonly values: ArrayLike<number>;
}

/**
 * Lowest and highest value over all curves in windows of `windowSteps` steps (k windowSteps, (k + 1) windowSteps],
 * each named by its middle: where a curve falls steeply, its last step would set the range beside the curve. Only windows
 * that every curve reaches: a range over fewer runs would be narrower.
 */
export function envelope(curves: readonly Curve[], windowSteps: number): BandRange[] {
  const windows = new Map<number, { low: number; high: number; curves: Set<number> }>();
  for (const [index, { steps, values }] of curves.entries()) {
    for (const [at, step] of steps.entries()) {
      const value = values[at] ?? NaN;
      if (!Number.isFinite(value)) continue;
      const end = Math.ceil(step / windowSteps) * windowSteps;
      const seen = windows.get(end) ?? { low: value, high: value, curves: new Set() };
      seen.low = Math.min(seen.low, value);
      seen.high = Math.max(seen.high, value);
      seen.curves.add(index);
      windows.set(end, seen);
    }
  }
  return [...windows.entries()]
    .filter(([, seen]) => seen.curves.size === curves.length)
    .map(([end, { low, high }]): BandRange => {
      return [end - Math.floor(windowSteps / 2), rounded(low), rounded(high)];
    })
    .sort(([a], [b]) => a - b);
}

/** Five figures: what a chart can show, and a small file. */
const rounded = (value: number): number => Number(value.toPrecision(5));
