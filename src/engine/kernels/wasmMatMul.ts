import { broadcast_util, util, type TensorInfo } from "@tensorflow/tfjs-core";
import { replacement, type Replacement, type WasmBackend } from "./wasmBackend";
import { poolOf } from "./wasmPool";
import { PRODUCT, productParts, productScratch } from "./wasmProductCode";

const FLOAT_BYTES = 4;

/** A matrix, or a batch of them, in the heap: where it starts, and how far it is to the next row, column and matrix. */
export interface Placed {
  readonly at: number;
  readonly row: number;
  readonly column: number;
  readonly next: number;
}

/** Address of a tensor's first number. */
export const addressOf = (backend: WasmBackend, { dataId }: TensorInfo): number =>
  backend.dataIdMap.get(dataId).memoryOffset;

/** Rows, inner length and columns of a product, and how many there are. */
interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly count?: number;
}

/** C = A B + bias for each of a batch; either the rows or the columns of A, and the columns of C, are neighbours. */
export function placedProduct(
  backend: WasmBackend,
  [a, b, c]: readonly [Placed, Placed, Placed],
  { m, k, n, count = 1 }: Sizes,
  bias = 0,
): void {
  const { rowParts, columnParts } = productParts(m, n);
  poolOf(backend).run(
    PRODUCT,
    {
      ...{ a: a.at, aRow: a.row, aColumn: a.column, aNext: a.next },
      ...{ b: b.at, bRow: b.row, bColumn: b.column, bNext: b.next },
      ...{ c: c.at, cRow: c.row, cNext: c.next },
      ...{ bias, m, k, n, rowParts, columnParts },
    },
    count * rowParts * columnParts,
    productScratch(k),
  );
}

/** The matrices [rows, columns] at an address, one after the other. @param shared one is used for all of a batch */
export const placed = (
  at: number,
  [rows, columns]: readonly [number, number],
  transposed = false,
  shared = false,
): Placed => {
  const [far, near] = [columns * FLOAT_BYTES, FLOAT_BYTES];
  return {
    at,
    row: transposed ? near : far,
    column: transposed ? far : near,
    next: shared ? 0 : rows * far,
  };
};

/** The operands of one call as batches of matrices. */
function operands(a: TensorInfo, b: TensorInfo, transposeA: boolean, transposeB: boolean) {
  const [rowsA = 1, columnsA = 1] = a.shape.slice(-2);
  const [rowsB = 1, columnsB = 1] = b.shape.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  util.assert(k === inner, () => `matMul: [${a.shape.join()}] by [${b.shape.join()}] does not fit`);
  const outerA = a.shape.slice(0, -2);
  const outerB = b.shape.slice(0, -2);
  return {
    sizes: [m, k, n] as const,
    outer: broadcast_util.assertAndGetBroadcastShape(outerA, outerB),
    matricesA: [util.sizeFromShape(outerA), rowsA, columnsA] as const,
    matricesB: [util.sizeFromShape(outerB), rowsB, columnsB] as const,
  };
}

/**
 * BatchMatMul: tfjs' own kernel hands only plain two-dimensional products to XNNPACK; batched or transposed ones run in
 * a scalar loop. This one packs operands as they lie, and its threads wait for no thread that the system does not run.
 */
export const batchMatMul: Replacement = replacement(
  "BatchMatMul",
  (backend, { a, b }, { transposeA, transposeB }) => {
    const { sizes, outer, matricesA, matricesB } = operands(a, b, transposeA, transposeB);
    const [m, k, n] = sizes;
    const out = backend.makeOutput([...outer, m, n], "float32");
    const [countA, ...sizeA] = matricesA;
    const [countB, ...sizeB] = matricesB;
    placedProduct(
      backend,
      [
        placed(addressOf(backend, a), sizeA, transposeA, countA === 1),
        placed(addressOf(backend, b), sizeB, transposeB, countB === 1),
        placed(addressOf(backend, out), [m, n]),
      ],
      { m, k, n, count: Math.max(countA, countB) },
    );
    return out;
  },
);
