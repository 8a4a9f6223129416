import { assertSameKernelSize } from "./kernels";
import { StudioError } from "../errors/studioError";
import type { Matrix } from "./matrix";

/** Added to every CKA and CKNNA denominator by the reference, so a self-comparison is just below 1. */
const DENOMINATOR_EPS = 1e-6;

function sums({ values, rows: n }: Matrix, skipDiagonal: boolean) {
  const byRow = new Float64Array(n);
  const byCol = new Float64Array(n);
  let total = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (skipDiagonal && i === j) continue;
      const value = values[i * n + j] ?? 0;
      byRow[i] = (byRow[i] ?? 0) + value;
      byCol[j] = (byCol[j] ?? 0) + value;
      total += value;
    }
  }
  return { byRow, byCol, total };
}

/**
 * Unbiased HSIC of two kernels [N, N], N >= 4. Not symmetric in its treatment of non-symmetric (masked)
 * kernels: the first term pairs K_ij with L_ji. May be negative.
 *
 * @throws StudioError OUT_OF_RANGE below 4 rows; SHAPE_MISMATCH when sizes differ
 * @source Song et al. 2012 eq. 5; platonic-rep metrics.py, hsic_unbiased
 */
export function hsicUnbiased(k: Matrix, l: Matrix): number {
  assertSameKernelSize(k, l);
  const n = k.rows;
  if (n < 4) {
    throw new StudioError(
      "OUT_OF_RANGE",
      `The unbiased HSIC needs at least 4 images, got ${n}.`,
      "Evaluate on more held-out images.",
    );
  }
  let paired = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (i !== j) paired += (k.values[i * n + j] ?? 0) * (l.values[j * n + i] ?? 0);
    }
  }
  const sumsK = sums(k, true);
  const sumsL = sums(l, true);
  const product = sumsK.byCol.reduce((sum, col, i) => sum + col * (sumsL.byRow[i] ?? 0), 0);
  const level = (sumsK.total * sumsL.total) / ((n - 1) * (n - 2));
  return (paired + level - (2 * product) / (n - 2)) / (n * (n - 3));
}

/**
 * trace(K H L H) with H = I - 1/N, without the usual 1/(N-1)² (it cancels in CKA).
 *
 * @source platonic-rep metrics.py, hsic_biased
 */
export function hsicBiased(k: Matrix, l: Matrix): number {
  assertSameKernelSize(k, l);
  const n = k.rows;
  const { byRow, byCol, total } = sums(k, false);
  let trace = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      // H K H entry by entry: centring first loses fewer digits than subtracting sums of products
      const rowMean = (byRow[i] ?? 0) / n;
      const colMean = (byCol[j] ?? 0) / n;
      const centred = (k.values[i * n + j] ?? 0) - rowMean - colMean + total / (n * n);
      trace += centred * (l.values[j * n + i] ?? 0);
    }
  }
  return trace;
}

/** kl / (sqrt(kk ll) + 1e-6), NaN when a negative unbiased estimate leaves no root, as in the reference. */
export const normalisedHsic = (kl: number, kk: number, ll: number): number =>
  kl / (Math.sqrt(kk * ll) + DENOMINATOR_EPS);
