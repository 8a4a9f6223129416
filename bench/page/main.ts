import type { SuiteOptions, SuiteResult } from "../suite";
import type { BenchMessage, MetricsJob, MetricsJobResult, MetricsWorkerMessage } from "./messages";

declare global {
  interface Window {
    /** Runs suites in a module worker, as the app runs its trainer; called by bench/chromium.ts. */
    runBench: (suites: readonly SuiteOptions[]) => Promise<SuiteResult[]>;
    /** Runs one metrics computation in a module worker and watches the page's thread; by bench/metricsChromium.ts. */
    runMetricsJob: (job: MetricsJob) => Promise<MetricsJobResult>;
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

const TIMER_MS = 10;

/** Watches how late a timer of this thread is until `stop` is called. */
function watchThread() {
  let [last, late] = [performance.now(), 0];
  const timer = setInterval(() => {
    const now = performance.now();
    late = Math.max(late, now - last - TIMER_MS);
    last = now;
  }, TIMER_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return late;
    },
  };
}

window.runMetricsJob = (job) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./metrics.worker.ts", import.meta.url), { type: "module" });
    const thread = watchThread();
    const started = performance.now();
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.onmessage = ({ data }: MessageEvent<MetricsWorkerMessage>) => {
      const pageLateMs = thread.stop();
      worker.terminate();
      if (data.kind === "failed") reject(new Error(data.message));
      else
        resolve({ seconds: (performance.now() - started) / 1000, pauses: data.pauses, pageLateMs });
    };
    worker.postMessage(job);
  });
