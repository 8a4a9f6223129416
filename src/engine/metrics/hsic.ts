import { StudioError } from "../../common/errors/studioError";
import type { Matrix } from "./matrix";

/** Added to every CKA and CKNNA denominator by the reference, so a self-comparison is just below 1. */
const DENOMINATOR_EPS = 1e-6;

/** A kernel [N, N] as its entries that are not zero; `at` gives any. */
export interface KernelEntries {
  readonly rows: number;
  readonly at: (i: number, j: number) => number;
  readonly forEach: (use: (i: number, j: number, value: number) => void) => void;
}

export const denseEntries = ({ values, rows: n }: Matrix): KernelEntries => ({
  rows: n,
  at: (i, j) => values[i * n + j] ?? 0,
  forEach: (use) => {
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) use(i, j, values[i * n + j] ?? 0);
  },
});

function sums(kernel: KernelEntries, skipDiagonal: boolean) {
  const byRow = new Float64Array(kernel.rows);
  const byCol = new Float64Array(kernel.rows);
  let total = 0;
  kernel.forEach((i, j, value) => {
    if (skipDiagonal && i === j) return;
    byRow[i] = (byRow[i] ?? 0) + value;
    byCol[j] = (byCol[j] ?? 0) + value;
    total += value;
  });
  return { byRow, byCol, total };
}

/** @throws StudioError OUT_OF_RANGE below 4 images, where the unbiased HSIC divides by zero */
export function assertEnoughForUnbiased(n: number) {
  if (n >= 4) return;
  throw new StudioError(
    "OUT_OF_RANGE",
    `The unbiased HSIC needs at least 4 images, got ${n}.`,
    "Evaluate on more held-out images.",
  );
}

/**
 * Unbiased HSIC of two kernels [N, N], N >= 4. Not symmetric in its treatment of non-symmetric (masked)
 * kernels: the first term pairs K_ij with L_ji. May be negative.
 *
 * @throws StudioError OUT_OF_RANGE below 4 rows
 * @source Song et al. 2012 eq. 5; platonic-rep metrics.py, hsic_unbiased
 */
export function hsicUnbiased(k: KernelEntries, l: KernelEntries): number {
  const n = k.rows;
  assertEnoughForUnbiased(n);
  let paired = 0;
  k.forEach((i, j, value) => {
    if (i !== j) paired += value * l.at(j, i);
  });
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
export function hsicBiased(k: KernelEntries, l: KernelEntries): number {
  const n = k.rows;
  const { byRow, byCol, total } = sums(k, false);
  let trace = 0;
  l.forEach((j, i, value) => {
    // H K H entry by entry: centring first loses fewer digits than subtracting sums of products
    const rowMean = (byRow[i] ?? 0) / n;
    const colMean = (byCol[j] ?? 0) / n;
    trace += (k.at(i, j) - rowMean - colMean + total / (n * n)) * value;
  });
  return trace;
}

/** kl / (sqrt(kk ll) + 1e-6), NaN when a negative unbiased estimate leaves no root, as in the reference. */
export const normalisedHsic = (kl: number, kk: number, ll: number): number =>
  kl / (Math.sqrt(kk * ll) + DENOMINATOR_EPS);
