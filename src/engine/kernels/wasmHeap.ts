import * as tf from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";

/** The part of emscripten's module that is used here. */
interface HeapModule {
  _malloc: (bytes: number) => number;
  readonly HEAPU8: Uint8Array;
  /** Set by this file: its allocations are looked at. */
  isGuarded?: boolean;
}

const MEGABYTE = 1e6;

/** tfjs' BackendWasm (4.22) keeps the module under this name; the package does not export its type. */
const moduleOf = (backend: unknown): HeapModule => (backend as { readonly wasm: HeapModule }).wasm;

/**
 * Bytes the heap of tfjs' current backend, which must be wasm, has grown to. It never shrinks: this is the most that was
 * in use at once, and what lies unused between.
 */
export const wasmHeapBytes = (): number => moduleOf(tf.backend()).HEAPU8.length;

/**
 * From here on an allocation that the heap of tfjs' current backend, which must be wasm, has no room for throws
 * OUT_OF_MEMORY: tfjs itself does not look at what `_malloc` gives, and writes the tensor over the start of the heap, after
 * which the allocator may never return. Called again, it changes nothing more.
 */
export function guardWasmHeap(): void {
  const module = moduleOf(tf.backend());
  if (module.isGuarded) return;
  const allocate = module._malloc;
  module.isGuarded = true;
  module._malloc = (size) => {
    const address = allocate(size);
    if (address !== 0 || size === 0) return address;
    throw new StudioError(
      "OUT_OF_MEMORY",
      `WebAssembly's memory is full: ${Math.round(module.HEAPU8.length / MEGABYTE)} MB are taken, and ${Math.ceil(size / MEGABYTE)} MB more do not fit.`,
      "Choose a smaller model, a batch of 1 or recomputed blocks, or WebGPU.",
    );
  };
}
