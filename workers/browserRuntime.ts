import simdWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import plainWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import { browserGpu } from "../src/common/gpu/browserGpu";
import { openStudioDb } from "../src/common/storage/openDb";
import { browserWasmThreads } from "./browserThreads";
import { createRuntime } from "./runtime";

/** tfjs in this worker: the browser's GPU, wasm binaries beside the page. */
export const browserRuntime = createRuntime({
  gpu: browserGpu,
  wasmPaths: {
    "tfjs-backend-wasm.wasm": plainWasm,
    "tfjs-backend-wasm-simd.wasm": simdWasm,
    "tfjs-backend-wasm-threaded-simd.wasm": threadedWasm,
  },
  wasmThreads: browserWasmThreads(),
  openDatabase: () => openStudioDb(),
  clockMs: () => performance.now(),
  browser: navigator.userAgent,
});
