import * as tf from "@tensorflow/tfjs-core";
import { currentStudioBackend } from "./studioBackend";
import { wasmHeapBytes } from "./wasmHeap";

/**
 * What tfjs' current backend has taken from the machine: buffers of the GPU, those that lie unused in its pool too, or
 * the heap of WebAssembly. Undefined in plain JavaScript, which does not say.
 */
export const bytesTaken = (): number | undefined =>
  tf.getBackend() === "wasm"
    ? wasmHeapBytes()
    : currentStudioBackend()?.memory().numBytesAllocatedInGPU;
