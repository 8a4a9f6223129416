import { shapeMismatch, zeros, type Matrix } from "./matrix";
import { innerProducts, productBlocks, rowSquares, type ProductBlock } from "./products";

/** Kernel K = A Aᵀ of features [N, D] -> [N, N]. Nothing is centred: the estimators do what they need. */
export const linearKernel = (features: Matrix): Matrix => innerProducts(features, features);

/** K_ij = exp(-|a_i - a_j|² / 2σ²), [N, N]. */
export function rbfKernel(features: Matrix, sigma = 1): Matrix {
  const out = zeros(features.rows, features.rows);
  for (const { values, rowFrom, rowTo, width } of distanceBlocks(features, features)) {
    for (let at = 0; at < (rowTo - rowFrom) * width; at++) {
      out.values[rowFrom * width + at] = Math.exp(-(values[at] ?? 0) / (2 * sigma * sigma));
    }
  }
  return out;
}

/** |a_i - b_j|² by the expansion |a|² - 2ab + |b|², never below 0, in blocks of rows of `a`. */
export function* distanceBlocks(a: Matrix, b: Matrix): Generator<ProductBlock> {
  const squaresA = rowSquares(a);
  const squaresB = a === b ? squaresA : rowSquares(b);
  for (const block of productBlocks(a, b)) {
    const { values, rowFrom, rowTo, width } = block;
    for (let i = rowFrom; i < rowTo; i++) {
      const squareA = squaresA[i] ?? 0;
      for (let j = 0, at = (i - rowFrom) * width; j < width; j++, at++) {
        values[at] = Math.max(0, squareA + (squaresB[j] ?? 0) - 2 * (values[at] ?? 0));
      }
    }
    yield block;
  }
}

/** @throws StudioError SHAPE_MISMATCH unless both are square and of one size */
export function assertSameKernelSize(k: Matrix, l: Matrix) {
  if (k.rows === k.cols && l.rows === l.cols && k.rows === l.rows) return;
  throw shapeMismatch(
    `Kernels of [${k.rows}, ${k.cols}] and [${l.rows}, ${l.cols}] cannot be compared: rows must be the same images.`,
  );
}
