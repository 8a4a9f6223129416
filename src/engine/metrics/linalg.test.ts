import {
  EigenvalueDecomposition,
  Matrix as DenseMatrix,
  SingularValueDecomposition,
} from "ml-matrix";
import { describe, expect, test } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { nuclearNormWork, symmetricEigen, symmetricEigenvalues, triangularFactor } from "./linalg";
import { l2NormaliseRows, takeRows, toMatrix, transpose, zeros, type Matrix } from "./matrix";
import { innerProducts } from "./products";
import { finish } from "./work";

const normal = (seed: number, rows: number, cols: number) =>
  toMatrix(randomNormal({ seed, stream: "linalg" }, rows * cols), rows, cols);
const dense = ({ values, rows, cols }: Matrix) => DenseMatrix.from1DArray(rows, cols, values);
const repeated = (matrix: Matrix, times: number) =>
  takeRows(
    matrix,
    Array.from({ length: matrix.rows * times }, (_, i) => i % matrix.rows),
  );
const largest = (values: Float64Array) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs((found[i] ?? NaN) - (expected[i] ?? NaN))).toBeLessThanOrEqual(tolerance);
  }
}

const diagonalOf = (...values: number[]) => {
  const out = zeros(values.length, values.length);
  values.forEach((value, i) => (out.values[i * values.length + i] = value));
  return out;
};

/** Shapes and spectra that decompositions get wrong: none, one, repeated, zero and tiny values. */
const CASES: readonly (readonly [name: string, matrix: Matrix])[] = [
  ["one value", toMatrix([-3], 1, 1)],
  ["two columns", normal(1, 5, 2)],
  ["square", normal(2, 30, 30)],
  ["tall", normal(3, 70, 33)],
  ["wide", normal(4, 9, 40)],
  ["zeros", zeros(6, 4)],
  ["rank 3 of 20", innerProducts(normal(5, 25, 3), normal(6, 20, 3))],
  ["repeated singular values", diagonalOf(2, 2, 2, 1, 1, 0, 0, 2)],
  ["already bidiagonal", toMatrix([1, 2, 0, 0, 3, 4, 0, 0, 5], 3, 3)],
  ["values from 1 to 1e-14", diagonalOf(1, 1e-3, 1e-7, 1e-14, 1e-5)],
  ["equal rows", repeated(l2NormaliseRows(normal(7, 2, 12)), 8)],
];

describe.each(CASES)("%s", (_, matrix) => {
  test("the nuclear norm is ml-matrix' sum of singular values, to round-off", () => {
    const tall = matrix.rows >= matrix.cols ? matrix : transpose(matrix);
    const { diagonal } = new SingularValueDecomposition(dense(tall));
    const expected = diagonal.reduce((sum, value) => sum + value, 0);
    expectClose(
      [finish(nuclearNormWork(matrix))],
      [expected],
      1e-14 * (1 + expected) * matrix.cols,
    );
  });

  test("eigenvalues of A Aᵀ are ml-matrix', vectors are orthonormal and give the matrix again", () => {
    const symmetric = innerProducts(matrix, matrix);
    const n = symmetric.rows;
    const { values, vectors } = symmetricEigen(symmetric);
    const reference = new EigenvalueDecomposition(dense(symmetric), { assumeSymmetric: true });
    const expected = Float64Array.from(reference.realEigenvalues).sort().reverse();
    const tolerance = 1e-14 * n * Math.max(1, largest(symmetric.values) * n);
    expectClose(values, expected, tolerance);
    expectClose(symmetricEigenvalues(symmetric), expected, tolerance);
    expectClose(
      innerProducts(vectors, vectors).values,
      diagonalOf(...Array<number>(n).fill(1)).values,
      1e-13 * n,
    );
    const columns = transpose(vectors);
    const scaled = columns.values.map((value, at) => value * (values[at % n] ?? 0));
    expectClose(
      innerProducts({ ...columns, values: scaled }, columns).values,
      symmetric.values,
      tolerance,
    );
  });

  test("the triangular factor has the same inner products of columns", () => {
    const [own, factor] = [matrix, triangularFactor(matrix)].map(transpose);
    if (!own || !factor) throw new Error("two matrices were given");
    const tolerance = 1e-13 * Math.max(1, largest(innerProducts(own, own).values));
    expectClose(innerProducts(factor, factor).values, innerProducts(own, own).values, tolerance);
  });
});

test("negative eigenvalues keep their sign and come last", () => {
  const symmetric = toMatrix([0, 2, 0, 2, 0, 0, 0, 0, 1], 3, 3);
  expectClose(symmetricEigen(symmetric).values, [2, 1, -2], 1e-15);
});
