import { wasmThreadCount } from "../src/common/gpu/wasmThreadCount";
import type { StartThread } from "../src/engine/kernels/wasmPool";
import type { WasmThreads } from "./runtime";

const defaultCount = () =>
  wasmThreadCount({ isolated: self.crossOriginIsolated, cores: navigator.hardwareConcurrency });

/** Most that a thread may take to start. It takes some 10 ms. */
const START_MS = 20_000;

/** A thread from a blob, as tfjs starts its own: a page's content security policy allows no other text. */
const startThread: StartThread = (script, task) =>
  new Promise((resolve, reject) => {
    const text = `${script}
self.onmessage = ({ data }) => { self.postMessage("ready"); serve(data); };`;
    const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const worker = new Worker(address);
    worker.onmessage = () => {
      URL.revokeObjectURL(address);
      resolve();
    };
    worker.onerror = ({ message }) => reject(new Error(message || "a thread did not start"));
    setTimeout(() => reject(new Error(`a thread did not start within ${START_MS} ms`)), START_MS);
    worker.postMessage(task);
  });

/** Threads for wasm in this worker: all logical cores where the page is isolated. */
export const browserWasmThreads = (count = defaultCount()): WasmThreads => ({
  count,
  startThread,
  during: (start) => start(),
});
