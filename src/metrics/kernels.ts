import {
  innerProducts,
  assertSameWidth,
  rowSquares,
  shapeMismatch,
  zeros,
  type Matrix,
} from "./matrix";
import { StudioError } from "../errors/studioError";

/** Kernel K = A Aᵀ of features [N, D] -> [N, N]. Nothing is centred: the estimators do what they need. */
export const linearKernel = (features: Matrix): Matrix => innerProducts(features, features);

/** K_ij = exp(-|a_i - a_j|² / 2σ²), [N, N]. */
export function rbfKernel(features: Matrix, sigma = 1): Matrix {
  const squares = squaredDistances(features, features);
  return { ...squares, values: squares.values.map((d) => Math.exp(-d / (2 * sigma * sigma))) };
}

/** |a_i - b_j|² by the expansion |a|² - 2ab + |b|², never below 0: [a.rows, b.rows]. */
export function squaredDistances(a: Matrix, b: Matrix): Matrix {
  assertSameWidth(a, b);
  const products = innerProducts(a, b);
  const squaresA = rowSquares(a);
  const squaresB = a === b ? squaresA : rowSquares(b);
  const { values, cols } = products;
  for (let at = 0; at < values.length; at++) {
    const sum = (squaresA[Math.floor(at / cols)] ?? 0) + (squaresB[at % cols] ?? 0);
    values[at] = Math.max(0, sum - 2 * (values[at] ?? 0));
  }
  return products;
}

/** @throws StudioError SHAPE_MISMATCH unless both are square and of one size */
export function assertSameKernelSize(k: Matrix, l: Matrix) {
  if (k.rows === k.cols && l.rows === l.cols && k.rows === l.rows) return;
  throw shapeMismatch(
    `Kernels of [${k.rows}, ${k.cols}] and [${l.rows}, ${l.cols}] cannot be compared: rows must be the same images.`,
  );
}

/**
 * The k largest entries of every row of a kernel, as a 0/1 mask [N, N]; equal values go to the lower index.
 *
 * @param includeSelf whether the diagonal competes
 * @throws StudioError OUT_OF_RANGE when a row has fewer than k candidates
 */
export function topKMask(kernel: Matrix, k: number, includeSelf: boolean): Uint8Array {
  const { values, rows: n } = kernel;
  const candidates = includeSelf ? n : n - 1;
  if (!Number.isInteger(k) || k < 1 || k > candidates) {
    throw new StudioError(
      "OUT_OF_RANGE",
      `k = ${k} nearest neighbours asked of ${candidates} candidates.`,
      "Use more images or a smaller k.",
    );
  }
  const mask = new Uint8Array(n * n);
  const sorted = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const row = values.subarray(i * n, (i + 1) * n);
    sorted.set(row);
    if (!includeSelf) sorted[i] = -Infinity;
    sorted.sort();
    const threshold = sorted[n - k] ?? 0;
    let tiesLeft = k;
    for (const value of sorted.subarray(n - k)) if (value > threshold) tiesLeft--;
    for (let j = 0; j < n; j++) {
      const value = row[j] ?? 0;
      if (value < threshold || (j === i && !includeSelf)) continue;
      if (value > threshold || tiesLeft-- > 0) mask[i * n + j] = 1;
    }
  }
  return mask;
}

/** Entries of a kernel where every mask is 1, else 0. */
export function masked(kernel: Matrix, ...masks: readonly Uint8Array[]): Matrix {
  const out = zeros(kernel.rows, kernel.cols);
  for (let at = 0; at < out.values.length; at++) {
    if (masks.every((mask) => mask[at] === 1)) out.values[at] = kernel.values[at] ?? 0;
  }
  return out;
}
