import { util, type KernelFunc, type TensorInfo } from "@tensorflow/tfjs-core";
import { sharing, type WasmBackend } from "./wasmBackend";

/**
 * Slice: the stock kernel copies the WHOLE operand out of the heap before it takes its part. This one copies
 * runs of the innermost axis; outer axes by counting.
 */
export const slice: KernelFunc = ({ inputs, backend: anyBackend, attrs }) => {
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

/** Identity: the stock kernel copies; every tensor the tape saves goes through it. Nothing writes in place. */
export const createIdentity =
  (stock: KernelFunc): KernelFunc =>
  (call) => {
    const { x } = call.inputs as { x: TensorInfo };
    return x.dtype === "string" ? stock(call) : sharing(call.backend as WasmBackend, x, x.shape);
  };
