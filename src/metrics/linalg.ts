import {
  EigenvalueDecomposition,
  Matrix as DenseMatrix,
  SingularValueDecomposition,
} from "ml-matrix";
import { transpose, zeros, type Matrix } from "./matrix";

const dense = ({ values, rows, cols }: Matrix) => DenseMatrix.from1DArray(rows, cols, values);

/**
 * R with RᵀR = AᵀA, [min(N, D), D], by Householder reflections: as accurate as A itself, where a Cholesky
 * factor of AᵀA would lose half the digits. A is returned unchanged when it already has at most D rows.
 */
export function triangularFactor(matrix: Matrix): Matrix {
  const { rows, cols } = matrix;
  if (rows <= cols) return matrix;
  const { values } = transpose(matrix); // column j is now contiguous, at j * rows
  const factor = zeros(cols, cols);
  for (let pivot = 0; pivot < cols; pivot++) {
    const from = pivot * rows;
    let squares = 0;
    for (let i = pivot; i < rows; i++) squares += (values[from + i] ?? 0) ** 2;
    const head = values[from + pivot] ?? 0;
    const diagonal = head > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
    factor.values[pivot * cols + pivot] = diagonal;
    // half the squared length of the reflector v = x - diagonal e
    const half = squares - diagonal * head;
    values[from + pivot] = head - diagonal;
    for (let j = pivot + 1; j < cols; j++) {
      const to = j * rows;
      let product = 0;
      for (let i = pivot; i < rows; i++) product += (values[from + i] ?? 0) * (values[to + i] ?? 0);
      const scale = half > 0 ? product / half : 0;
      for (let i = pivot; i < rows; i++) {
        values[to + i] = (values[to + i] ?? 0) - scale * (values[from + i] ?? 0);
      }
      factor.values[pivot * cols + j] = values[to + pivot] ?? 0;
    }
  }
  return factor;
}

/** Sum of the singular values. */
export function nuclearNorm(matrix: Matrix): number {
  const tall = matrix.rows >= matrix.cols ? matrix : transpose(matrix);
  const { diagonal } = new SingularValueDecomposition(dense(tall), {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
  });
  return diagonal.reduce((sum, value) => sum + value, 0);
}

/** Eigenvalues of a symmetric matrix, largest first, with unit eigenvectors as the rows of `vectors`. */
export function symmetricEigen(matrix: Matrix): { values: Float64Array; vectors: Matrix } {
  const n = matrix.rows;
  const found = new EigenvalueDecomposition(dense(matrix), { assumeSymmetric: true });
  const columns = found.eigenvectorMatrix;
  const order = found.realEigenvalues
    .map((value, column) => ({ value, column }))
    .sort((a, b) => b.value - a.value);
  const vectors = zeros(n, n);
  order.forEach(({ column }, row) => {
    for (let i = 0; i < n; i++) vectors.values[row * n + i] = columns.get(i, column);
  });
  return { values: Float64Array.from(order, ({ value }) => value), vectors };
}

/** Eigenvalues of a symmetric matrix, largest first. */
export const symmetricEigenvalues = (matrix: Matrix): Float64Array => symmetricEigen(matrix).values;
