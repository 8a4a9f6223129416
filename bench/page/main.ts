import type { SuiteOptions, SuiteResult } from "../suite";
import type { BenchMessage } from "./messages";

declare global {
  interface Window {
    /** Runs a suite in a module worker, as the app runs its trainer; called by bench/chromium.ts. */
    runBench: (options: SuiteOptions) => Promise<SuiteResult>;
  }
}

window.runBench = (options) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./bench.worker.ts", import.meta.url), { type: "module" });
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.onmessage = ({ data }: MessageEvent<BenchMessage>) => {
      switch (data.kind) {
        case "report":
          console.info(data.line);
          break;
        case "done":
          worker.terminate();
          resolve(data.result);
          break;
        case "failed":
          worker.terminate();
          reject(new Error(data.message));
      }
    };
    worker.postMessage(options);
  });
