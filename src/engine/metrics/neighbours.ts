import { StudioError } from "../../common/errors/studioError";
import { columnMeans, type Matrix } from "./matrix";
import { innerProducts, productBlocks } from "./products";
import type { Work } from "./work";

/** For every row its k best candidates, best first, equal values by lower index: [rows, k] each. */
export interface Neighbours {
  readonly rows: number;
  readonly k: number;
  readonly index: Int32Array;
  readonly value: Float64Array;
}

/** The k largest entries of every row of a kernel over one set of images, and the mean of the whole row. */
export interface KernelNeighbours extends Neighbours {
  readonly rowMeans: Float64Array;
}

/** @throws StudioError OUT_OF_RANGE when a row has fewer than k candidates */
export function emptyNeighbours(rows: number, k: number, candidates: number): Neighbours {
  if (!Number.isInteger(k) || k < 1 || k > candidates) {
    throw new StudioError(
      "OUT_OF_RANGE",
      `k = ${k} nearest neighbours asked of ${candidates} candidates.`,
      "Use more images or a smaller k.",
    );
  }
  const index = new Int32Array(rows * k).fill(0x7fffffff);
  return { rows, k, index, value: new Float64Array(rows * k).fill(-Infinity) };
}

/** Adds `candidate` to the list of `row` if it is among the k best so far. */
export function offer(list: Neighbours, row: number, candidate: number, value: number) {
  const { k, index, value: values } = list;
  const isBetterThan = (at: number) => {
    const other = values[at] ?? 0;
    return value > other || (value === other && candidate < (index[at] ?? 0));
  };
  const from = row * k;
  let at = from + k - 1;
  if (!isBetterThan(at)) return;
  for (; at > from && isBetterThan(at - 1); at--) {
    values[at] = values[at - 1] ?? 0;
    index[at] = index[at - 1] ?? 0;
  }
  values[at] = value;
  index[at] = candidate;
}

/**
 * From a given kernel [N, N].
 *
 * @param includeSelf whether the diagonal competes
 * @throws StudioError OUT_OF_RANGE when a row has fewer than k candidates
 */
export function kernelNeighbours(
  kernel: Matrix,
  k: number,
  includeSelf: boolean,
): KernelNeighbours {
  const { values, rows: n } = kernel;
  const list = emptyNeighbours(n, k, includeSelf ? n : n - 1);
  const rowMeans = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) {
      const value = values[i * n + j] ?? 0;
      sum += value;
      if (includeSelf || j !== i) offer(list, i, j, value);
    }
    rowMeans[i] = sum / n;
  }
  return { ...list, rowMeans };
}

/**
 * The same from features [N, D] under the linear kernel, which is never held: memory is O(N (k + D)), and each
 * product is computed once for both of its rows.
 */
export function* featureNeighbours(
  features: Matrix,
  k: number,
  includeSelf: boolean,
): Work<KernelNeighbours> {
  const n = features.rows;
  const list = emptyNeighbours(n, k, includeSelf ? n : n - 1);
  for (const { values, rowFrom, rowTo, width } of productBlocks(features, features, true)) {
    for (let i = rowFrom; i < rowTo; i++) {
      const at = (i - rowFrom) * width - rowFrom;
      if (includeSelf) offer(list, i, i, values[at + i] ?? 0);
      for (let j = i + 1; j < n; j++) {
        const value = values[at + j] ?? 0;
        offer(list, i, j, value);
        offer(list, j, i, value);
      }
    }
    // rows left are columns left: what remains is a triangle
    yield { done: 1 - ((n - rowTo) / n) ** 2, all: 1 };
  }
  const mean = { values: columnMeans(features), rows: 1, cols: features.cols };
  return { ...list, rowMeans: innerProducts(features, mean).values };
}

/** The k rows of `bank` [M, D] with the largest inner product, for every row of `queries` [N, D]. */
export function* nearestRows(queries: Matrix, bank: Matrix, k: number): Work<Neighbours> {
  const list = emptyNeighbours(queries.rows, k, bank.rows);
  for (const { values, rowFrom, rowTo, width } of productBlocks(queries, bank)) {
    for (let i = rowFrom; i < rowTo; i++) {
      for (let j = 0; j < width; j++) offer(list, i, j, values[(i - rowFrom) * width + j] ?? 0);
    }
    yield { done: rowTo, all: queries.rows };
  }
  return list;
}

/** The lists of a kernel whose images were reordered: new image i is the old image order[i]. */
export function reorderNeighbours(
  { rows, k, index, value, rowMeans }: KernelNeighbours,
  order: ArrayLike<number>,
): KernelNeighbours {
  const place = new Int32Array(rows);
  for (let i = 0; i < rows; i++) place[order[i] ?? 0] = i;
  const out = {
    rows,
    k,
    index: new Int32Array(rows * k),
    value: new Float64Array(rows * k),
    rowMeans: rowMeans.map((_, i) => rowMeans[order[i] ?? 0] ?? 0),
  };
  for (let i = 0; i < rows; i++) {
    const from = (order[i] ?? 0) * k;
    for (let at = 0; at < k; at++) {
      out.index[i * k + at] = place[index[from + at] ?? 0] ?? 0;
      out.value[i * k + at] = value[from + at] ?? 0;
    }
  }
  return out;
}
