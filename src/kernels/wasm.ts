import {
  broadcast_util,
  getKernel,
  registerKernel,
  unregisterKernel,
  util,
  type KernelFunc,
  type TensorInfo,
} from "@tensorflow/tfjs-core";

/**
 * Replacements for two kernels of tfjs' wasm backend (4.22); their meaning stays the same.
 *
 * BatchMatMul: the stock kernel hands only plain two-dimensional products to XNNPACK; batched or
 * transposed ones run a scalar loop ten times slower. Here a transpose is made explicit and a batch is a
 * loop of plain products over views of the operands' memory.
 *
 * Slice: the stock kernel copies the WHOLE operand out of the heap before it takes its part.
 */

/** The parts of tfjs' BackendWasm used here; the package does not export its type. */
interface WasmBackend {
  readonly wasm: {
    cwrap: (name: string, result: null, types: readonly string[]) => (...values: unknown[]) => void;
    readonly tfjs: {
      registerTensor: (id: number, size: number, memoryOffset: number) => void;
      disposeData: (id: number) => void;
    };
  };
  readonly dataIdMap: { get: (dataId: object) => { id: number; memoryOffset: number } };
  dataIdNextNumber: number;
  makeOutput: (shape: readonly number[], dtype: TensorInfo["dtype"]) => TensorInfo;
  typedArrayFromHeap: (info: TensorInfo) => Float32Array | Int32Array | Uint8Array;
  disposeData: (dataId: object) => void;
}

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

/** Runs `use` with the ids of temporary tensors that look into others' memory. */
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

function transposed(
  backend: WasmBackend,
  x: TensorInfo,
  batch: number,
  rows: number,
  columns: number,
): TensorInfo {
  const kernel = getKernel("Transpose", "wasm");
  const info = { dataId: x.dataId, shape: [batch, rows, columns], dtype: x.dtype };
  return kernel.kernelFunc({
    inputs: { x: info },
    backend,
    attrs: { perm: [0, 2, 1] },
  }) as TensorInfo;
}

function createBatchMatMul(): KernelFunc {
  const products = new WeakMap<WasmBackend, PlainProduct>();
  return ({ inputs, backend: anyBackend, attrs }) => {
    const backend = anyBackend as WasmBackend;
    const product = products.get(backend) ?? plainProductOf(backend);
    products.set(backend, product);
    const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };

    const [rowsA = 1, columnsA = 1] = a.shape.slice(-2);
    const [rowsB = 1, columnsB = 1] = b.shape.slice(-2);
    const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
    const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
    util.assert(
      k === inner,
      () => `matMul: [${a.shape.join()}] by [${b.shape.join()}] does not fit`,
    );
    const batchA = util.sizeFromShape(a.shape.slice(0, -2));
    const batchB = util.sizeFromShape(b.shape.slice(0, -2));
    const outer = broadcast_util.assertAndGetBroadcastShape(
      a.shape.slice(0, -2),
      b.shape.slice(0, -2),
    );
    const batch = Math.max(batchA, batchB);

    const left = transposeA ? transposed(backend, a, batchA, rowsA, columnsA) : a;
    const right = transposeB ? transposed(backend, b, batchB, rowsB, columnsB) : b;
    const out = backend.makeOutput([...outer, m, n], "float32");
    const [leftData, rightData, outData] = [left, right, out].map(({ dataId }) =>
      backend.dataIdMap.get(dataId),
    );
    if (leftData && rightData && outData) {
      if (batch === 1) product(leftData.id, rightData.id, outData.id, [m, k, n]);
      for (let i = 0; i < batch && batch > 1; i++) {
        const view = (data: { memoryOffset: number }, index: number, size: number) => ({
          memoryOffset: data.memoryOffset + index * size * FLOAT_BYTES,
          size,
        });
        const views = [
          view(leftData, batchA === 1 ? 0 : i, m * k),
          view(rightData, batchB === 1 ? 0 : i, k * n),
          view(outData, i, m * n),
        ];
        withViews(backend, views, ([x = 0, y = 0, z = 0]) => product(x, y, z, [m, k, n]));
      }
    }
    if (left !== a) backend.disposeData(left.dataId);
    if (right !== b) backend.disposeData(right.dataId);
    return out;
  };
}

/** Copies runs of the innermost axis; outer axes by counting. */
const slice: KernelFunc = ({ inputs, backend: anyBackend, attrs }) => {
  const backend = anyBackend as WasmBackend;
  const { x } = inputs as { x: TensorInfo };
  const { begin, size } = attrs as { begin: number | number[]; size: number | number[] };
  const starts = x.shape.map((_, axis) =>
    typeof begin === "number" ? (axis === 0 ? begin : 0) : (begin[axis] ?? 0),
  );
  const lengths = x.shape.map((extent, axis) => {
    const wanted = typeof size === "number" ? (axis === 0 ? size : -1) : (size[axis] ?? -1);
    return wanted === -1 ? extent - (starts[axis] ?? 0) : wanted;
  });
  const out = backend.makeOutput(lengths, x.dtype);
  const source = backend.typedArrayFromHeap(x);
  const target = backend.typedArrayFromHeap(out);
  const strides = util.computeStrides(x.shape).concat(1);
  // trailing axes taken whole join the run that is copied at once
  let runAxis = x.shape.length - 1;
  while (runAxis > 0 && lengths[runAxis] === x.shape[runAxis]) runAxis--;
  const run = util.sizeFromShape(lengths.slice(Math.max(runAxis, 0)));
  const counter = lengths.slice(0, Math.max(runAxis, 0)).map(() => 0);
  const base = starts.reduce((sum, start, axis) => sum + start * (strides[axis] ?? 1), 0);
  for (let written = 0; written < target.length; written += run) {
    const offset = counter.reduce((sum, index, axis) => sum + index * (strides[axis] ?? 1), base);
    target.set(source.subarray(offset, offset + run), written);
    for (let axis = counter.length - 1; axis >= 0; axis--) {
      counter[axis] = (counter[axis] ?? 0) + 1;
      if ((counter[axis] ?? 0) < (lengths[axis] ?? 0)) break;
      counter[axis] = 0;
    }
  }
  return out;
};

/** Puts the replacements in place of the stock kernels; call after the wasm backend's module has loaded. */
export function registerWasmKernels(): void {
  const replacements: [string, KernelFunc][] = [
    ["BatchMatMul", createBatchMatMul()],
    ["Slice", slice],
  ];
  for (const [kernelName, kernelFunc] of replacements) {
    unregisterKernel(kernelName, "wasm");
    registerKernel({ kernelName, backendName: "wasm", kernelFunc });
  }
}
