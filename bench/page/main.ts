import type { SuiteOptions, SuiteResult } from "../suite";
import type { BenchMessage } from "./messages";

declare global {
  interface Window {
    /** Runs suites in a module worker, as the app runs its trainer; called by bench/chromium.ts. */
    runBench: (suites: readonly SuiteOptions[]) => Promise<SuiteResult[]>;
  }
}

window.runBench = (suites) =>
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
          resolve([...data.results]);
          break;
        case "failed":
          worker.terminate();
          reject(new Error(data.message));
      }
    };
    worker.postMessage(suites);
  });
