import { StudioError } from "../../common/errors/studioError";
import type { Matrix } from "./matrix";
import { productBlocks, rowSquares } from "./products";
import { finish, type Work } from "./work";

/** Sums of a kernel over all pairs of two sets: all that a maximum mean discrepancy needs. */
export interface PairSums {
  readonly rows: number;
  readonly cols: number;
  readonly total: number;
  readonly byRow: Float64Array;
  readonly byCol: Float64Array;
  /** k(x_i, y_i), as far as both sets go. */
  readonly diagonal: Float64Array;
}

/** A kernel as a function of x·y, |x|² and |y|². */
export type DotKernel = (dot: number, squareX: number, squareY: number) => number;

/**
 * Kernel sums over x [N, D] by y [M, D], in blocks: memory stays O(N + M). A set with itself costs half, its
 * kernel being symmetric.
 */
export function* pairSumsWork(x: Matrix, y: Matrix, kernel: DotKernel): Work<PairSums> {
  const self = x === y;
  const squaresX = rowSquares(x);
  const squaresY = self ? squaresX : rowSquares(y);
  const [rows, cols] = [x.rows, y.rows];
  const byRow = new Float64Array(rows);
  const byCol = self ? byRow : new Float64Array(cols);
  const diagonal = new Float64Array(Math.min(rows, cols));
  for (const { values, rowFrom, rowTo, colFrom, width } of productBlocks(x, y, self)) {
    for (let i = rowFrom; i < rowTo; i++) {
      const squareX = squaresX[i] ?? 0;
      const at = (i - rowFrom) * width - colFrom;
      let sum = 0;
      for (let j = self ? i : 0; j < cols; j++) {
        const value = kernel(values[at + j] ?? 0, squareX, squaresY[j] ?? 0);
        sum += value;
        if (j === i) diagonal[i] = value;
        if (!self || j !== i) byCol[j] = (byCol[j] ?? 0) + value;
      }
      byRow[i] = (byRow[i] ?? 0) + sum;
    }
    yield { done: self ? 1 - ((rows - rowTo) / rows) ** 2 : rowTo / rows, all: 1 };
  }
  return { rows, cols, total: sumOf(byRow), byRow, byCol, diagonal };
}

/** `pairSumsWork` without a pause. */
export const pairSums = (x: Matrix, y: Matrix, kernel: DotKernel): PairSums =>
  finish(pairSumsWork(x, y, kernel));

const sumOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);

/**
 * - `unbiased`: self pairs left out within each set, all pairs across (sizes may differ)
 * - `uStatistic`: also leaves out equal indices across; needs equal sizes
 * - `biased`: plain means with self pairs; positive for equal distributions
 */
export type MmdEstimator = "unbiased" | "uStatistic" | "biased";

/** @throws StudioError OUT_OF_RANGE when a set has fewer than 2 images, or sizes differ for the U-statistic */
export function mmdSquared(
  xx: PairSums,
  yy: PairSums,
  xy: PairSums,
  estimator: MmdEstimator,
): number {
  const { rows: n, cols: m } = xy;
  if (Math.min(n, m) < 2 || (estimator === "uStatistic" && n !== m)) {
    throw new StudioError(
      "OUT_OF_RANGE",
      `The ${estimator} kernel distance cannot be computed from ${n} and ${m} images.`,
      "Use at least 2 images a side, and equally many for the U-statistic.",
    );
  }
  if (estimator === "biased") {
    return xx.total / (n * n) + yy.total / (m * m) - (2 * xy.total) / (n * m);
  }
  const within =
    (xx.total - sumOf(xx.diagonal)) / (n * (n - 1)) +
    (yy.total - sumOf(yy.diagonal)) / (m * (m - 1));
  const across =
    estimator === "uStatistic"
      ? (xy.total - sumOf(xy.diagonal)) / (n * (n - 1))
      : xy.total / (n * m);
  return within - 2 * across;
}

/**
 * The unbiased estimate with image i of the first set left out, for every i: what the jackknife needs, at
 * no further kernel evaluation. Swap the roles and transpose `xy` for the second set.
 */
export function leaveOneOut(xx: PairSums, yy: PairSums, xy: PairSums): Float64Array {
  const { rows: n, cols: m } = xy;
  const withinX = xx.total - sumOf(xx.diagonal);
  const withinY = (yy.total - sumOf(yy.diagonal)) / (m * (m - 1));
  return xx.byRow.map((row, i) => {
    const own = 2 * (row - (xx.diagonal[i] ?? 0));
    const across = (xy.total - (xy.byRow[i] ?? 0)) / ((n - 1) * m);
    return (withinX - own) / ((n - 1) * (n - 2)) + withinY - 2 * across;
  });
}

/** The sums of k(y, x) from those of k(x, y). */
export const swapped = (xy: PairSums): PairSums => ({
  ...xy,
  rows: xy.cols,
  cols: xy.rows,
  byRow: xy.byCol,
  byCol: xy.byRow,
});
