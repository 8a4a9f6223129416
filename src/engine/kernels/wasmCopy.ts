import { util, type KernelFunc } from "@tensorflow/tfjs-core";
import { replacement, sharing, type AttrsOf, type Replacement } from "./wasmBackend";

/** First index and count of each axis. A single number is for the first axis; a size of -1 means all that follows. */
function sliceRange(shape: readonly number[], { begin, size }: AttrsOf<"Slice">) {
  const starts = shape.map((_, axis) =>
    typeof begin === "number" ? (axis === 0 ? begin : 0) : (begin[axis] ?? 0),
  );
  const lengths = shape.map((extent, axis) => {
    const wanted = typeof size === "number" ? (axis === 0 ? size : -1) : (size[axis] ?? -1);
    return wanted === -1 ? extent - (starts[axis] ?? 0) : wanted;
  });
  return { starts, lengths };
}

/**
 * Slice: tfjs' own kernel copies the whole operand out of the heap before it takes its part. This one copies
 * runs of the innermost axis and counts through the outer axes.
 */
export const slice = replacement("Slice", (backend, { x }, attrs) => {
  const { starts, lengths } = sliceRange(x.shape, attrs);
  const out = backend.makeOutput(lengths, x.dtype);
  const source = backend.typedArrayFromHeap(x);
  const target = backend.typedArrayFromHeap(out);
  const strides = util.computeStrides(x.shape).concat(1);
  // trailing axes that are taken whole belong to the run that is copied at once
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
});

/**
 * Identity on the same memory: no kernel writes in place. tfjs' own kernel copies, and every tensor that the tape saves
 * goes through it.
 */
export const createIdentity = (stock: KernelFunc): Replacement =>
  replacement("Identity", (backend, { x }, _, call) =>
    x.dtype === "string" ? stock(call) : sharing(backend, x, x.shape),
  );
