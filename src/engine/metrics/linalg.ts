import { transpose, zeros, type Matrix } from "./matrix";
import { tridiagonalEigen, tridiagonalEigenWork } from "./tridiagonal";
import { finish, piece, type Work } from "./work";

/** Steps of a reduction between two pauses. */
const STEPS_A_PAUSE = 16;

/**
 * R with RᵀR = AᵀA, [min(N, D), D], by Householder reflections: as accurate as A itself, where a Cholesky
 * factor of AᵀA would lose half the digits. A is returned unchanged when it already has at most D rows.
 */
export function* triangularFactorWork(matrix: Matrix): Work<Matrix> {
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
    if (pivot % STEPS_A_PAUSE === 0) yield { done: 1 - ((cols - pivot) / cols) ** 2, all: 1 };
  }
  return factor;
}

/** `triangularFactorWork` without a pause. */
export const triangularFactor = (matrix: Matrix): Matrix => finish(triangularFactorWork(matrix));

/**
 * The reflector v that turns x into (end, 0, ..., 0): (I - v vᵀ / half) x, written over x. `half` is 0 when x is.
 */
function reflector(x: Float64Array): { end: number; half: number } {
  const squares = dot(x, x);
  const head = x[0] ?? 0;
  const end = head > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
  x[0] = head - end;
  return { end, half: squares - end * head };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** y += scale x */
function addScaled(y: Float64Array, scale: number, x: Float64Array) {
  for (let i = 0; i < y.length; i++) y[i] = (y[i] ?? 0) + scale * (x[i] ?? 0);
}

/**
 * Diagonal and superdiagonal of U A V for orthogonal U and V, of a tall matrix [N, D]: it keeps A's singular values.
 * Only whole rows are read, which is fast with the processor's caches.
 */
function* bidiagonal({ values, rows, cols }: Matrix): Work<[Float64Array, Float64Array]> {
  const a = values.slice();
  const rowFrom = (i: number, column: number) => a.subarray(i * cols + column, (i + 1) * cols);
  const diagonal = new Float64Array(cols);
  const above = new Float64Array(Math.max(0, cols - 1));
  for (let k = 0; k < cols; k++) {
    const v = Float64Array.from({ length: rows - k }, (_, i) => a[(k + i) * cols + k] ?? 0);
    const left = reflector(v);
    diagonal[k] = left.end;
    if (k + 1 === cols) break;
    const sums = new Float64Array(cols - k - 1); // vᵀ A
    for (let i = k; i < rows; i++) addScaled(sums, v[i - k] ?? 0, rowFrom(i, k + 1));
    const scaleLeft = left.half > 0 ? -1 / left.half : 0;
    addScaled(rowFrom(k, k + 1), (v[0] ?? 0) * scaleLeft, sums);
    const u = rowFrom(k, k + 1).slice();
    const right = reflector(u);
    above[k] = right.end;
    for (let i = k + 1; i < rows; i++) {
      const row = rowFrom(i, k + 1);
      addScaled(row, (v[i - k] ?? 0) * scaleLeft, sums);
      if (right.half > 0) addScaled(row, -dot(row, u) / right.half, u);
    }
    if (k % STEPS_A_PAUSE === 0) yield { done: 1 - ((cols - k) / cols) ** 3, all: 1 };
  }
  return [diagonal, above];
}

/** Sum of the singular values, to round-off of the largest. */
export function* nuclearNormWork(matrix: Matrix): Work<number> {
  const tall = matrix.rows >= matrix.cols ? matrix : transpose(matrix);
  const [diagonal, above] = yield* bidiagonal(tall);
  // [[0, Bᵀ], [B, 0]] in the order that makes it tridiagonal: eigenvalues are ± the singular values
  const n = diagonal.length;
  const beside = Float64Array.from({ length: 2 * n - 1 }, (_, i) =>
    i % 2 === 0 ? (diagonal[i / 2] ?? 0) : (above[(i - 1) / 2] ?? 0),
  );
  const eigenvalues = new Float64Array(2 * n);
  tridiagonalEigen(eigenvalues, beside);
  return eigenvalues.reduce((sum, value) => sum + Math.abs(value), 0) / 2;
}

/** A symmetric matrix reduced to tridiagonal form by reflectors v_k of length n - 1 - k. */
interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly beside: Float64Array;
  readonly reflectors: readonly { readonly v: Float64Array; readonly half: number }[];
}

function* tridiagonal({ values, rows: n }: Matrix): Work<Tridiagonal> {
  const a = values.slice();
  const rowFrom = (i: number, column: number) => a.subarray(i * n + column, (i + 1) * n);
  const beside = new Float64Array(Math.max(0, n - 1));
  const reflectors: { v: Float64Array; half: number }[] = [];
  for (let k = 0; k < n - 2; k++) {
    const v = rowFrom(k, k + 1).slice();
    const { end, half } = reflector(v);
    beside[k] = end;
    reflectors.push({ v, half });
    if (half === 0) continue;
    // A - v wᵀ - w vᵀ with w = A v / half - v (vᵀ A v) / 2 half²
    const w = v.map((_value, i) => dot(rowFrom(k + 1 + i, k + 1), v) / half);
    addScaled(w, -dot(v, w) / (2 * half), v);
    v.forEach((value, i) => {
      const row = rowFrom(k + 1 + i, k + 1);
      addScaled(row, -value, w);
      addScaled(row, -(w[i] ?? 0), v);
    });
    if (k % STEPS_A_PAUSE === 0) yield { done: 1 - ((n - k) / n) ** 3, all: 1 };
  }
  if (n > 1) beside[n - 2] = a[(n - 2) * n + n - 1] ?? 0;
  return {
    diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i] ?? 0),
    beside,
    reflectors,
  };
}

/** Eigenvalues of a symmetric matrix, largest first. */
export function symmetricEigenvalues(matrix: Matrix): Float64Array {
  const { diagonal, beside } = finish(tridiagonal(matrix));
  tridiagonalEigen(diagonal, beside);
  return diagonal.sort().reverse();
}

export interface SymmetricEigen {
  readonly values: Float64Array;
  /** Unit eigenvectors as rows. */
  readonly vectors: Matrix;
}

/** The product of a tridiagonal form's reflectors, [n, n]. */
function* reflectorProduct({ reflectors }: Tridiagonal, n: number): Work<Matrix> {
  const basis = zeros(n, n);
  for (let i = 0; i < n; i++) basis.values[i * n + i] = 1;
  for (let k = reflectors.length - 1; k >= 0; k--) {
    const { v, half } = reflectors[k] ?? { v: new Float64Array(), half: 0 };
    for (let i = k + 1; i < n && half > 0; i++) {
      const row = basis.values.subarray(i * n + k + 1, (i + 1) * n);
      addScaled(row, -dot(row, v) / half, v);
    }
    if (k % STEPS_A_PAUSE === 0) yield { done: ((n - k) / n) ** 2, all: 1 };
  }
  return basis;
}

/** Eigenvalues of a symmetric matrix, largest first, with their eigenvectors. */
export function* symmetricEigenWork(matrix: Matrix): Work<SymmetricEigen> {
  const n = matrix.rows;
  const form = yield* piece(tridiagonal(matrix), 0, 3);
  const { diagonal, beside } = form;
  const { values: rows } = yield* piece(reflectorProduct(form, n), 1, 3);
  const rotations = tridiagonalEigenWork(diagonal, beside, (i, cos, sin) => {
    for (let upper = i * n, lower = upper + n; upper < (i + 1) * n; upper++, lower++) {
      const x = rows[upper] ?? 0;
      const y = rows[lower] ?? 0;
      rows[upper] = cos * x - sin * y;
      rows[lower] = sin * x + cos * y;
    }
  });
  yield* piece(rotations, 2, 3);
  const order = Array.from(diagonal.keys()).sort((a, b) => (diagonal[b] ?? 0) - (diagonal[a] ?? 0));
  const vectors = zeros(n, n);
  order.forEach((from, to) => vectors.values.set(rows.subarray(from * n, (from + 1) * n), to * n));
  return { values: Float64Array.from(order, (at) => diagonal[at] ?? 0), vectors };
}

/** `symmetricEigenWork` without a pause. */
export const symmetricEigen = (matrix: Matrix): SymmetricEigen =>
  finish(symmetricEigenWork(matrix));
