import { StudioError } from "../errors/studioError";

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

/** Eight dot products of 2 rows of `a` by 4 of `b`: as many sums as a CPU's registers hold. */
function dotTile(
  a: Float64Array,
  a0: number,
  a1: number,
  b: Float64Array,
  b0: number,
  b1: number,
  b2: number,
  b3: number,
  depth: number,
  out: Float64Array,
  out0: number,
  out1: number,
) {
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  for (let d = 0; d < depth; d++) {
    const x0 = a[a0 + d] ?? 0;
    const x1 = a[a1 + d] ?? 0;
    const y0 = b[b0 + d] ?? 0;
    const y1 = b[b1 + d] ?? 0;
    const y2 = b[b2 + d] ?? 0;
    const y3 = b[b3 + d] ?? 0;
    s00 += x0 * y0;
    s01 += x0 * y1;
    s02 += x0 * y2;
    s03 += x0 * y3;
    s10 += x1 * y0;
    s11 += x1 * y1;
    s12 += x1 * y2;
    s13 += x1 * y3;
  }
  out[out0] = s00;
  out[out0 + 1] = s01;
  out[out0 + 2] = s02;
  out[out0 + 3] = s03;
  out[out1] = s10;
  out[out1 + 1] = s11;
  out[out1 + 2] = s12;
  out[out1 + 3] = s13;
}

function dot(a: Float64Array, aFrom: number, b: Float64Array, bFrom: number, depth: number) {
  let sum = 0;
  for (let d = 0; d < depth; d++) sum += (a[aFrom + d] ?? 0) * (b[bFrom + d] ?? 0);
  return sum;
}

/** Writes rows [rowFrom, rowTo) of A Bᵀ into `out`, whose first row is rowFrom. */
function innerProductRows(a: Matrix, b: Matrix, rowFrom: number, rowTo: number, out: Float64Array) {
  const depth = a.cols;
  const width = b.rows;
  const pairEnd = rowFrom + Math.floor((rowTo - rowFrom) / 2) * 2;
  const tileEnd = Math.floor(width / 4) * 4;
  const one = (i: number, j: number) => {
    out[(i - rowFrom) * width + j] = dot(a.values, i * depth, b.values, j * depth, depth);
  };
  // four rows of b stay in the first cache level while all rows of the block pass by them
  for (let j = 0; j < tileEnd; j += 4) {
    const b0 = j * depth;
    for (let i = rowFrom; i < pairEnd; i += 2) {
      const at = (i - rowFrom) * width + j;
      const [b1, b2, b3] = [b0 + depth, b0 + 2 * depth, b0 + 3 * depth];
      const a0 = i * depth;
      dotTile(a.values, a0, a0 + depth, b.values, b0, b1, b2, b3, depth, out, at, at + width);
    }
    for (let i = pairEnd; i < rowTo; i++) for (let c = 0; c < 4; c++) one(i, j + c);
  }
  for (let j = tileEnd; j < width; j++) for (let i = rowFrom; i < rowTo; i++) one(i, j);
}

export function assertSameWidth(a: Matrix, b: Matrix) {
  if (a.cols === b.cols) return;
  throw shapeMismatch(`Features of width ${a.cols} cannot be compared with width ${b.cols}.`);
}

const BLOCK_ROWS = 32;

/** Hands A Bᵀ to `use` in blocks of rows, so that the whole product is never held. */
export function forEachInnerProductBlock(
  a: Matrix,
  b: Matrix,
  use: (block: Float64Array, rowFrom: number, rowTo: number) => void,
) {
  assertSameWidth(a, b);
  const block = new Float64Array(Math.min(BLOCK_ROWS, a.rows) * b.rows);
  for (let rowFrom = 0; rowFrom < a.rows; rowFrom += BLOCK_ROWS) {
    const rowTo = Math.min(rowFrom + BLOCK_ROWS, a.rows);
    innerProductRows(a, b, rowFrom, rowTo, block);
    use(block, rowFrom, rowTo);
  }
}

/** Inner products of all rows: A Bᵀ, [a.rows, b.rows]. */
export function innerProducts(a: Matrix, b: Matrix): Matrix {
  const out = zeros(a.rows, b.rows);
  forEachInnerProductBlock(a, b, (block, rowFrom, rowTo) => {
    out.values.set(block.subarray(0, (rowTo - rowFrom) * b.rows), rowFrom * b.rows);
  });
  return out;
}

/** Squared norm of every row. */
export function rowSquares({ values, rows, cols }: Matrix): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) =>
    dot(values, i * cols, values, i * cols, cols),
  );
}
