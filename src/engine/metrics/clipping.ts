import type { Matrix } from "./matrix";

/**
 * - `exact`: one threshold, the q-quantile of all |values| (element floor(q·count) of the sorted list)
 * - `perRow`: the mean over rows of each row's linearly interpolated q-quantile
 */
export type ClipThresholdLaw = "exact" | "perRow";

const sortedMagnitudes = (values: Float64Array) => values.map(Math.abs).sort();

/** The threshold above which outlying activations are clipped before normalising. @source platonic-rep, remove_outliers */
export function clipThreshold(features: Matrix, quantile: number, law: ClipThresholdLaw): number {
  const { values, rows, cols } = features;
  if (law === "exact") {
    const sorted = sortedMagnitudes(values);
    const at = Math.min(Math.floor(quantile * sorted.length), sorted.length - 1);
    return sorted[at] ?? 0;
  }
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const sorted = sortedMagnitudes(values.subarray(i * cols, (i + 1) * cols));
    const position = quantile * (cols - 1);
    const low = Math.floor(position);
    const below = sorted[low] ?? 0;
    const above = sorted[Math.min(low + 1, cols - 1)] ?? 0;
    sum += below + (position - low) * (above - below);
  }
  return sum / rows;
}

/** Values clamped to [-threshold, threshold]. */
export const clipTo = (features: Matrix, threshold: number): Matrix => ({
  ...features,
  values: features.values.map((value) => Math.min(Math.max(value, -threshold), threshold)),
});
