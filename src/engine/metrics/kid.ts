import { jackknifeInterval, meanAndStd, type Interval } from "./intervals";
import { takeRows, shapeMismatch, type Matrix } from "./matrix";
import {
  leaveOneOut,
  mmdSquared,
  pairSumsWork,
  swapped,
  type MmdEstimator,
  type PairSums,
} from "./mmd";
import { eachOf, finish, piece, type Work } from "./work";

/** Sums of the KID kernel (x·y / D + 1)³ over all pairs. */
export const kidSumsWork = (x: Matrix, y: Matrix): Work<PairSums> =>
  pairSumsWork(x, y, (dot) => {
    const base = dot / x.cols + 1;
    return base * base * base;
  });

/** `kidSumsWork` without a pause. */
export const kidSums = (x: Matrix, y: Matrix): PairSums => finish(kidSumsWork(x, y));

/** The sums of x with itself, y with itself and x with y. */
function* kidTriple(x: Matrix, y: Matrix): Work<[PairSums, PairSums, PairSums]> {
  const xx = yield* piece(kidSumsWork(x, x), 0, 3);
  const yy = yield* piece(kidSumsWork(y, y), 1, 3);
  return [xx, yy, yield* piece(kidSumsWork(x, y), 2, 3)];
}

/**
 * Kernel distance of features x [N, D] and y [M, D]; unbiased unless asked otherwise, so it can be negative:
 * never clip it. Usually shown x 1000.
 *
 * @throws StudioError SHAPE_MISMATCH when D differs; OUT_OF_RANGE below 2 images a side
 * @source Binkowski et al. 2018; torch-fidelity metric_kid.py
 */
export function* kidWork(x: Matrix, y: Matrix, estimator: MmdEstimator): Work<number> {
  const [xx, yy, xy] = yield* kidTriple(x, y);
  return mmdSquared(xx, yy, xy, estimator);
}

/** `kidWork` without a pause. */
export const kid = (x: Matrix, y: Matrix, estimator: MmdEstimator = "unbiased"): number =>
  finish(kidWork(x, y, estimator));

/** Unbiased KID with its jackknife interval from kernel sums (both sets' sampling counted). Needs 3 images a side. */
export function kidWithInterval(xx: PairSums, yy: PairSums, xy: PairSums): Interval {
  return jackknifeInterval(mmdSquared(xx, yy, xy, "unbiased"), [
    leaveOneOut(xx, yy, xy),
    leaveOneOut(yy, xx, swapped(xy)),
  ]);
}

/** `kidWithInterval` of two feature sets. */
export function* kidIntervalWork(x: Matrix, y: Matrix): Work<Interval> {
  return kidWithInterval(...(yield* kidTriple(x, y)));
}

export interface SubsetKid {
  readonly values: readonly number[];
  readonly mean: number;
  readonly std: number;
}

/**
 * The published recipe: unbiased KID of S given subsets of size m, with mean and std (ddof 0). The std says
 * how subsets differ, not how certain the mean is; for that see `kidWithInterval`.
 *
 * @param rowsX, rowsY row indices, S arrays of equal length
 */
export function* kidOverSubsetsWork(
  x: Matrix,
  y: Matrix,
  rowsX: readonly ArrayLike<number>[],
  rowsY: readonly ArrayLike<number>[],
): Work<SubsetKid> {
  if (rowsX.length !== rowsY.length) {
    throw shapeMismatch(
      `${rowsX.length} subsets given for one set and ${rowsY.length} for the other.`,
    );
  }
  const values = yield* eachOf(rowsX, (rows, s) =>
    kidWork(takeRows(x, rows), takeRows(y, rowsY[s] ?? []), "unbiased"),
  );
  return { values, ...meanAndStd(values) };
}

/** `kidOverSubsetsWork` without a pause. */
export const kidOverSubsets = (
  x: Matrix,
  y: Matrix,
  rowsX: readonly ArrayLike<number>[],
  rowsY: readonly ArrayLike<number>[],
): SubsetKid => finish(kidOverSubsetsWork(x, y, rowsX, rowsY));
