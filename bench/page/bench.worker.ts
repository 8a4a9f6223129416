import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import simdWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import plainWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import { browserGpu } from "../../src/common/gpu/browserGpu";
import { browserWasmThreads } from "../../workers/browserThreads";
import { runSuites, type SuiteOptions, type SuiteResult } from "../suite";
import { startWasm } from "../wasmKernels";
import type { BenchMessage } from "./messages";

const send = (message: BenchMessage) => self.postMessage(message);

/** Chromium's; other engines tell nothing. */
interface HeapClock {
  readonly memory?: { readonly usedJSHeapSize: number };
}

self.onmessage = async ({ data }: MessageEvent<readonly SuiteOptions[]>) => {
  try {
    const results: SuiteResult[] = [];
    const suites = runSuites(data, {
      gpu: browserGpu(),
      gpuClasses: "GPUDevice" in self ? self : undefined,
      startWasm: (threads) => {
        setWasmPaths({
          "tfjs-backend-wasm.wasm": plainWasm,
          "tfjs-backend-wasm-simd.wasm": simdWasm,
          "tfjs-backend-wasm-threaded-simd.wasm": threadedWasm,
        });
        return startWasm(browserWasmThreads(threads));
      },
      clockMs: () => performance.now(),
      heapBytes: () => (performance as HeapClock).memory?.usedJSHeapSize ?? null,
      report: (line) => send({ kind: "report", line }),
    });
    for await (const result of suites) results.push(result);
    send({ kind: "done", results });
  } catch (error) {
    send({
      kind: "failed",
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
};
