/** Statistics of a series of measurements. */
export interface Summary {
  readonly median: number;
  /** First and third quartile: half of the measurements lie between. */
  readonly low: number;
  readonly high: number;
  readonly min: number;
  readonly max: number;
}

/** The value below which the share `q` of sorted `values` lies, interpolated; NaN of none. */
function quantile(sorted: readonly number[], q: number): number {
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? NaN;
  const above = sorted[Math.ceil(position)] ?? NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
  };
}
