import { broadcast_util, getKernel, util, type TensorInfo } from "@tensorflow/tfjs-core";
import {
  onlyOutput,
  replacement,
  type Replacement,
  type WasmBackend,
  type WasmData,
} from "./wasmBackend";

const FLOAT_BYTES = 4;

/** Rows, inner length and columns of one product. */
type Sizes = readonly [m: number, k: number, n: number];
type PlainProduct = (a: number, b: number, out: number, sizes: Sizes) => void;

/** tfjs' C function, called so that it takes its XNNPACK branch. */
function plainProductOf(backend: WasmBackend): PlainProduct {
  const [id, shape, rank, flag] = ["number", "array", "number", "number"];
  const types = [id, shape, rank, id, shape, rank, flag, flag, id];
  const call = backend.wasm.cwrap("BatchMatMul", null, types);
  const bytes = (rows: number, columns: number) =>
    new Uint8Array(Int32Array.of(1, rows, columns).buffer);
  return (a, b, out, [m, k, n]) => call(a, bytes(m, k), 3, b, bytes(k, n), 3, 0, 0, out);
}

/** Runs `use` with the ids of temporary tensors that are parts of others' memory. */
function withViews(
  backend: WasmBackend,
  views: readonly { memoryOffset: number; size: number }[],
  use: (ids: readonly number[]) => void,
) {
  const ids = views.map(({ memoryOffset, size }) => {
    const id = backend.dataIdNextNumber++;
    backend.wasm.tfjs.registerTensor(id, size, memoryOffset);
    return id;
  });
  use(ids);
  for (const id of ids) backend.wasm.tfjs.disposeData(id);
}

/** x [batch, rows, columns] with its last axes swapped. */
function transposed(
  backend: WasmBackend,
  x: TensorInfo,
  [batch, rows, columns]: readonly [number, number, number],
): TensorInfo {
  const kernel = getKernel("Transpose", "wasm");
  const info = { dataId: x.dataId, shape: [batch, rows, columns], dtype: x.dtype };
  const call = { inputs: { x: info }, backend, attrs: { perm: [0, 2, 1] } };
  return onlyOutput(kernel.kernelFunc(call));
}

/** One row times a matrix, summed in float64. XNNPACK would take most of its time to pack the matrix. */
function rowProduct(
  backend: WasmBackend,
  a: TensorInfo,
  b: TensorInfo,
  out: TensorInfo,
  n: number,
) {
  const row = backend.typedArrayFromHeap(a);
  const rows = backend.typedArrayFromHeap(b);
  const sums = new Float64Array(n);
  for (let i = 0, at = 0; i < row.length; i++) {
    const factor = row[i] ?? 0;
    for (let j = 0; j < n; j++) sums[j] = (sums[j] ?? 0) + factor * (rows[at++] ?? 0);
  }
  backend.typedArrayFromHeap(out).set(sums);
}

/** The products of a batch, over views of the operands' memory; a batch of one operand is used for all. */
function batchProduct(
  backend: WasmBackend,
  product: PlainProduct,
  [left, right, out]: readonly [WasmData, WasmData, WasmData],
  [batchA, batchB]: readonly [number, number],
  [m, k, n]: Sizes,
) {
  const view = (data: WasmData, index: number, size: number) => ({
    memoryOffset: data.memoryOffset + index * size * FLOAT_BYTES,
    size,
  });
  for (let i = 0; i < Math.max(batchA, batchB); i++) {
    const views = [
      view(left, batchA === 1 ? 0 : i, m * k),
      view(right, batchB === 1 ? 0 : i, k * n),
      view(out, i, m * n),
    ];
    withViews(backend, views, ([x = 0, y = 0, z = 0]) => product(x, y, z, [m, k, n]));
  }
}

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
 * BatchMatMul: tfjs' own kernel hands only plain two-dimensional products to XNNPACK; batched or transposed
 * ones run in a scalar loop that is ten times slower. Here operands are transposed first (the smaller one, where
 * there is a choice) and a batch is a loop of plain products.
 */
export function createBatchMatMul(): Replacement {
  const products = new WeakMap<WasmBackend, PlainProduct>();
  const multiply = (
    backend: WasmBackend,
    [a, b]: readonly [TensorInfo, TensorInfo],
    transposeA: boolean,
    transposeB: boolean,
  ): TensorInfo => {
    const { sizes, outer, matricesA, matricesB } = operands(a, b, transposeA, transposeB);
    const [m, k, n] = sizes;
    const single = matricesA[0] === 1 && matricesB[0] === 1;
    if (single && transposeA && !transposeB && m > n) {
      // Aᵀ B = (Bᵀ A)ᵀ: to transpose B and the result moves fewer numbers than to transpose A
      const swapped = multiply(backend, [b, a], true, false);
      const turned = transposed(backend, swapped, [1, n, m]);
      backend.disposeData(swapped.dataId);
      return { ...turned, shape: [...outer, m, n] };
    }
    const left = transposeA ? transposed(backend, a, matricesA) : a;
    const right = transposeB ? transposed(backend, b, matricesB) : b;
    const out = backend.makeOutput([...outer, m, n], "float32");
    if (single && m === 1) {
      rowProduct(backend, left, right, out, n);
    } else {
      const product = products.get(backend) ?? plainProductOf(backend);
      products.set(backend, product);
      const data = (info: TensorInfo) => backend.dataIdMap.get(info.dataId);
      if (single) {
        // XNNPACK packs the right matrix and keeps that copy for as long as the tensor lives: a second set of weights
        withViews(backend, [{ memoryOffset: data(right).memoryOffset, size: k * n }], ([b = 0]) =>
          product(data(left).id, b, data(out).id, [m, k, n]),
        );
      } else {
        const batches = [matricesA[0], matricesB[0]] as const;
        batchProduct(backend, product, [data(left), data(right), data(out)], batches, sizes);
      }
    }
    if (left !== a) backend.disposeData(left.dataId);
    if (right !== b) backend.disposeData(right.dataId);
    return out;
  };
  return replacement("BatchMatMul", (backend, { a, b }, { transposeA, transposeB }) =>
    multiply(backend, [a, b], transposeA, transposeB),
  );
}
