import type { Column } from "./decimate";

/**
 * Exponential moving average without the bias toward its start: s_i = Σ w^(i-j) x_j / Σ w^(i-j).
 * Values that are not finite are skipped and repeat the average before them.
 * @param length points to consider, from the front
 * @param weight w in [0, 1): 0 gives the values back
 * @source Adam (arXiv:1412.6980) section 3, bias correction
 */
export function exponentialSmooth(values: Column, length: number, weight: number): Float64Array {
  const smooth = new Float64Array(length);
  let sum = 0;
  let mass = 0;
  for (let index = 0; index < length; index++) {
    const value = values[index] ?? NaN;
    if (Number.isFinite(value)) {
      sum = weight * sum + (1 - weight) * value;
      mass = weight * mass + (1 - weight);
    }
    smooth[index] = mass > 0 ? sum / mass : NaN;
  }
  return smooth;
}
