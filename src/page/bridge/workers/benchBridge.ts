import { proxy } from "comlink";
import type { BenchApi } from "../../../common/protocol/bench";
import type { BenchStore } from "../../store/benchStore";
import { createWorkerClient, type WorkerClient } from "./workerClient";

/** Joins the store of `?bench` to a worker that lives as long as one measurement. Nothing here throws. */
export function createBenchBridge(store: BenchStore, codeVersion: string) {
  let worker: WorkerClient<BenchApi> | undefined;
  const end = () => {
    worker?.terminate();
    worker = undefined;
  };

  async function measure(): Promise<void> {
    if (worker) return;
    const own = createWorkerClient<BenchApi>(
      "bench",
      new Worker(new URL("../../../../workers/bench.worker.ts", import.meta.url), {
        type: "module",
      }),
    );
    worker = own;
    const { begin, progressed, finish, fail, request } = store.getState();
    begin();
    const outcome = await own.call((api) => api.run(request, proxy(progressed)));
    if (worker !== own) return; // cancelled before it replied
    end();
    if (outcome.ok) {
      const { userAgent } = navigator;
      finish({ ...outcome.value, date: new Date().toISOString(), codeVersion, userAgent });
    } else fail(outcome.failure);
  }

  return {
    start: () => void measure(),
    /** Ends the worker, and with it the work it has submitted to the GPU. */
    cancel: () => {
      if (!worker) return;
      end();
      store.getState().cancelled();
    },
    dispose: end,
  };
}
