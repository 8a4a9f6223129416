import type { Column } from "./decimate";

/**
 * Exponential moving average without the bias toward its start: s_i = Σ w^(x_i-x_j) y_j / Σ w^(x_i-x_j).
 * Values that are not finite are skipped and repeat the average before them.
 * @param length points to consider, from the front
 * @param weight w in [0, 1): 0 gives the values back
 * @param places x, ascending, at least `length` of them; absent, the points are one apart. A curve of which every fourth
 *   point is kept is then smoothed over as many steps as the whole one.
 * @source Adam (arXiv:1412.6980) section 3, bias correction
 */
export function exponentialSmooth(
  values: Column,
  length: number,
  weight: number,
  places?: Column,
): Float64Array {
  const smooth = new Float64Array(length);
  let sum = 0;
  let mass = 0;
  for (let index = 0; index < length; index++) {
    const gap = index > 0 && places ? (places[index] ?? 0) - (places[index - 1] ?? 0) : 1;
    const kept = gap === 1 ? weight : weight ** gap;
    const value = values[index] ?? NaN;
    sum *= kept;
    mass *= kept;
    if (Number.isFinite(value)) {
      sum += (1 - weight) * value;
      mass += 1 - weight;
    }
    smooth[index] = mass > 0 ? sum / mass : (smooth[index - 1] ?? NaN);
  }
  return smooth;
}
