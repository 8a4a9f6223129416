import { jackknifeInterval, meanAndStd, type Interval } from "./intervals";
import { takeRows, shapeMismatch, type Matrix } from "./matrix";
import {
  leaveOneOut,
  mmdSquared,
  pairSums,
  swapped,
  type MmdEstimator,
  type PairSums,
} from "./mmd";

/** Sums of the KID kernel (x·y / D + 1)³ over all pairs. */
export const kidSums = (x: Matrix, y: Matrix): PairSums =>
  pairSums(x, y, (dot) => {
    const base = dot / x.cols + 1;
    return base * base * base;
  });

/**
 * Kernel distance of features x [N, D] and y [M, D]; unbiased unless asked otherwise, so it can be negative:
 * never clip it. Usually shown x 1000.
 *
 * @throws StudioError SHAPE_MISMATCH when D differs; OUT_OF_RANGE below 2 images a side
 * @source Binkowski et al. 2018; torch-fidelity metric_kid.py
 */
export const kid = (x: Matrix, y: Matrix, estimator: MmdEstimator = "unbiased"): number =>
  mmdSquared(kidSums(x, x), kidSums(y, y), kidSums(x, y), estimator);

/** Unbiased KID with its jackknife interval from kernel sums (both sets' sampling counted). Needs 3 images a side. */
export function kidWithInterval(xx: PairSums, yy: PairSums, xy: PairSums): Interval {
  return jackknifeInterval(mmdSquared(xx, yy, xy, "unbiased"), [
    leaveOneOut(xx, yy, xy),
    leaveOneOut(yy, xx, swapped(xy)),
  ]);
}

/**
 * The published recipe: unbiased KID of S given subsets of size m, with mean and std (ddof 0). The std says
 * how subsets differ, not how certain the mean is; for that see `kidWithInterval`.
 *
 * @param rowsX, rowsY row indices, S arrays of equal length
 */
export function kidOverSubsets(
  x: Matrix,
  y: Matrix,
  rowsX: readonly ArrayLike<number>[],
  rowsY: readonly ArrayLike<number>[],
): { values: number[]; mean: number; std: number } {
  if (rowsX.length !== rowsY.length) {
    throw shapeMismatch(
      `${rowsX.length} subsets given for one set and ${rowsY.length} for the other.`,
    );
  }
  const values = rowsX.map((rows, s) => kid(takeRows(x, rows), takeRows(y, rowsY[s] ?? [])));
  return { values, ...meanAndStd(values) };
}
