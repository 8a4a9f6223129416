import { assertSameWidth, shapeMismatch, transpose, zeros, type Matrix } from "./matrix";
import type { Work } from "./work";

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

/** Writes rows [rowFrom, rowTo) and columns from `colFrom` on of A Bᵀ into `out`, which starts at that corner. */
function innerProductRows(
  a: Matrix,
  b: Matrix,
  rowFrom: number,
  rowTo: number,
  colFrom: number,
  out: Float64Array,
) {
  const depth = a.cols;
  const width = b.rows - colFrom;
  const pairEnd = rowFrom + Math.floor((rowTo - rowFrom) / 2) * 2;
  const tileEnd = colFrom + Math.floor(width / 4) * 4;
  const one = (i: number, j: number) => {
    const at = (i - rowFrom) * width + j - colFrom;
    out[at] = dot(a.values, i * depth, b.values, j * depth, depth);
  };
  // four rows of b stay in the first cache level while all rows of the block pass by them
  for (let j = colFrom; j < tileEnd; j += 4) {
    const b0 = j * depth;
    for (let i = rowFrom; i < pairEnd; i += 2) {
      const at = (i - rowFrom) * width + j - colFrom;
      const [b1, b2, b3] = [b0 + depth, b0 + 2 * depth, b0 + 3 * depth];
      const a0 = i * depth;
      dotTile(a.values, a0, a0 + depth, b.values, b0, b1, b2, b3, depth, out, at, at + width);
    }
    for (let i = pairEnd; i < rowTo; i++) for (let c = 0; c < 4; c++) one(i, j + c);
  }
  for (let j = tileEnd; j < b.rows; j++) for (let i = rowFrom; i < rowTo; i++) one(i, j);
}

const BLOCK_ROWS = 32;

/** Some rows of A Bᵀ, from column `colFrom` on: [rowTo - rowFrom, width]. `values` is reused by the next block. */
export interface ProductBlock {
  readonly values: Float64Array;
  readonly rowFrom: number;
  readonly rowTo: number;
  readonly colFrom: number;
  readonly width: number;
}

/**
 * A Bᵀ in blocks of rows, so that the whole product is never held.
 *
 * @param upper only columns from each block's first row on: enough where A is B, at half the work
 * @throws StudioError SHAPE_MISMATCH when the widths differ
 */
export function* productBlocks(a: Matrix, b: Matrix, upper = false): Generator<ProductBlock> {
  assertSameWidth(a, b);
  const values = new Float64Array(Math.min(BLOCK_ROWS, a.rows) * b.rows);
  for (let rowFrom = 0; rowFrom < a.rows; rowFrom += BLOCK_ROWS) {
    const rowTo = Math.min(rowFrom + BLOCK_ROWS, a.rows);
    const colFrom = upper ? rowFrom : 0;
    innerProductRows(a, b, rowFrom, rowTo, colFrom, values);
    yield { values, rowFrom, rowTo, colFrom, width: b.rows - colFrom };
  }
}

/** Inner products of all rows: A Bᵀ, [a.rows, b.rows]. */
export function innerProducts(a: Matrix, b: Matrix): Matrix {
  const out = zeros(a.rows, b.rows);
  for (const { values, rowFrom, rowTo, width } of productBlocks(a, b)) {
    out.values.set(values.subarray(0, (rowTo - rowFrom) * width), rowFrom * width);
  }
  return out;
}

/** Rows a pass of `crossProducts` takes: their columns stay in the second cache level. */
const CHUNK_ROWS = 512;

/**
 * Sums over images XᵀY of features [N, D] and [N, Z]: [D, Z]. A few hundred images at a time, because whole
 * columns of many images pass no cache.
 *
 * @throws StudioError SHAPE_MISMATCH when the image counts differ
 */
export function* crossProducts(x: Matrix, y: Matrix): Work<Matrix> {
  if (x.rows !== y.rows) {
    throw shapeMismatch(
      `Features of ${x.rows} and ${y.rows} images cannot be compared: rows must be the same images.`,
    );
  }
  const out = zeros(x.cols, y.cols);
  const columnsOf = ({ values, cols }: Matrix, from: number, to: number) =>
    transpose({ values: values.subarray(from * cols, to * cols), rows: to - from, cols });
  for (let from = 0; from < x.rows; from += CHUNK_ROWS) {
    const to = Math.min(from + CHUNK_ROWS, x.rows);
    const columnsX = columnsOf(x, from, to);
    const columnsY = x === y ? columnsX : columnsOf(y, from, to);
    const { values } = innerProducts(columnsX, columnsY);
    for (let at = 0; at < values.length; at++) {
      out.values[at] = (out.values[at] ?? 0) + (values[at] ?? 0);
    }
    yield { done: to, all: x.rows };
  }
  return out;
}

/** Squared norm of every row. */
export function rowSquares({ values, rows, cols }: Matrix): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) =>
    dot(values, i * cols, values, i * cols, cols),
  );
}
