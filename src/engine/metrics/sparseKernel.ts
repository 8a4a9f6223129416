import type { KernelEntries } from "./hsic";
import type { Neighbours } from "./neighbours";

/** A kernel of which a mask left few entries: row i's lie at [i * capacity, i * capacity + counts[i]), by column. */
export interface SparseKernel {
  readonly rows: number;
  readonly capacity: number;
  readonly counts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

/** The entries that are among the k largest of their own row. */
export function ownEntries({ rows, k, index, value }: Neighbours): SparseKernel {
  const columns = new Int32Array(rows * k);
  const values = new Float64Array(rows * k);
  for (let from = 0; from < rows * k; from += k) {
    const order = Array.from({ length: k }, (_, at) => from + at);
    order.sort((a, b) => (index[a] ?? 0) - (index[b] ?? 0));
    order.forEach((at, to) => {
      columns[from + to] = index[at] ?? 0;
      values[from + to] = value[at] ?? 0;
    });
  }
  return { rows, capacity: k, counts: new Int32Array(rows).fill(k), columns, values };
}

/** The entries that both kernels have, with each kernel's own values. */
export function sharedEntries(a: SparseKernel, b: SparseKernel): [SparseKernel, SparseKernel] {
  const { rows, capacity } = a;
  const counts = new Int32Array(rows);
  const columns = new Int32Array(rows * capacity);
  const valuesA = new Float64Array(rows * capacity);
  const valuesB = new Float64Array(rows * capacity);
  for (let i = 0; i < rows; i++) {
    let to = i * capacity;
    let atB = i * b.capacity;
    const endB = atB + (b.counts[i] ?? 0);
    for (let atA = i * capacity; atA < i * capacity + (a.counts[i] ?? 0); atA++) {
      const column = a.columns[atA] ?? 0;
      while (atB < endB && (b.columns[atB] ?? 0) < column) atB++;
      if (atB >= endB || b.columns[atB] !== column) continue;
      columns[to] = column;
      valuesA[to] = a.values[atA] ?? 0;
      valuesB[to] = b.values[atB] ?? 0;
      to++;
    }
    counts[i] = to - i * capacity;
  }
  const shared = { rows, capacity, counts, columns };
  return [
    { ...shared, values: valuesA },
    { ...shared, values: valuesB },
  ];
}

/** Where (i, j) lies in the arrays, or -1. */
function find({ capacity, counts, columns }: SparseKernel, i: number, j: number): number {
  let low = i * capacity;
  let high = low + (counts[i] ?? 0) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const column = columns[middle] ?? 0;
    if (column === j) return middle;
    if (column < j) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

export const sparseEntries = (kernel: SparseKernel): KernelEntries => ({
  rows: kernel.rows,
  at: (i, j) => {
    const found = find(kernel, i, j);
    return found < 0 ? 0 : (kernel.values[found] ?? 0);
  },
  forEach: (use) => {
    for (let i = 0; i < kernel.rows; i++) {
      const from = i * kernel.capacity;
      const to = from + (kernel.counts[i] ?? 0);
      for (let at = from; at < to; at++) use(i, kernel.columns[at] ?? 0, kernel.values[at] ?? 0);
    }
  },
});

/** How many entries are left. */
export const entryCount = ({ counts }: SparseKernel): number =>
  counts.reduce((sum, count) => sum + count, 0);
