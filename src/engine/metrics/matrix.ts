import { StudioError } from "../../common/errors/studioError";

/** Row-major float64 matrix: features are [N, D] with an image a row, kernels are [N, M]. */
export interface Matrix {
  readonly values: Float64Array;
  readonly rows: number;
  readonly cols: number;
}

const HINT = "Compare features of the same encoder, one row an image.";

export const shapeMismatch = (message: string) => new StudioError("SHAPE_MISMATCH", message, HINT);

/**
 * Copies features into float64.
 *
 * @throws StudioError SHAPE_MISMATCH when the length is not rows x cols; OUT_OF_RANGE at the first value
 * that is not finite (the decompositions downstream would not end on it)
 */
export function toMatrix(features: ArrayLike<number>, rows: number, cols: number): Matrix {
  if (features.length !== rows * cols) {
    throw shapeMismatch(`${features.length} values given for a matrix of [${rows}, ${cols}].`);
  }
  const values = Float64Array.from(features);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new StudioError(
      "OUT_OF_RANGE",
      `Feature ${bad % cols} of row ${Math.floor(bad / cols)} is ${values[bad] ?? NaN}.`,
      "The model or encoder that made these features has diverged; resume from an earlier checkpoint.",
    );
  }
  return { values, rows, cols };
}

export const zeros = (rows: number, cols: number): Matrix => ({
  values: new Float64Array(rows * cols),
  rows,
  cols,
});

/** The rows `index`, in that order. */
export function takeRows(matrix: Matrix, index: ArrayLike<number>): Matrix {
  const { cols } = matrix;
  const out = zeros(index.length, cols);
  for (let i = 0; i < index.length; i++) {
    const row = index[i] ?? 0;
    out.values.set(matrix.values.subarray(row * cols, (row + 1) * cols), i * cols);
  }
  return out;
}

export function transpose({ values, rows, cols }: Matrix): Matrix {
  const out = zeros(cols, rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) out.values[j * rows + i] = values[i * cols + j] ?? 0;
  }
  return out;
}

export function columnMeans({ values, rows, cols }: Matrix): Float64Array {
  const mean = new Float64Array(cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) mean[j] = (mean[j] ?? 0) + (values[i * cols + j] ?? 0);
  }
  return mean.map((sum) => sum / rows);
}

export function subtractRow(matrix: Matrix, row: Float64Array): Matrix {
  const { cols } = matrix;
  return { ...matrix, values: matrix.values.map((value, at) => value - (row[at % cols] ?? 0)) };
}

/** Rows divided by max(norm, 1e-12), as torch.nn.functional.normalize does. */
export function l2NormaliseRows(matrix: Matrix): Matrix {
  const { rows, cols } = matrix;
  const values = matrix.values.slice();
  for (let i = 0; i < rows; i++) {
    const row = values.subarray(i * cols, (i + 1) * cols);
    const norm = Math.max(Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)), 1e-12);
    for (let j = 0; j < cols; j++) row[j] = (row[j] ?? 0) / norm;
  }
  return { values, rows, cols };
}

export function assertSameWidth(a: Matrix, b: Matrix) {
  if (a.cols === b.cols) return;
  throw shapeMismatch(`Features of width ${a.cols} cannot be compared with width ${b.cols}.`);
}
