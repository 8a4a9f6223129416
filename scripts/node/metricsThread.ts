import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData, type Transferable } from "node:worker_threads";
import { expose } from "comlink";
import { StudioError } from "../../src/common/errors/studioError";
import { createMetricsSession } from "../../src/sessions/metrics/metricsSession";
import { nextTurn } from "./turn";

const ROLE = "repa-metrics";

interface ThreadData {
  readonly role: typeof ROLE;
  readonly port: MessagePort;
}

const isThreadData = (data: unknown): data is ThreadData =>
  typeof data === "object" && data !== null && "role" in data && data.role === ROLE;

/**
 * The thread runs the same bundle as the process: its entry must do nothing unless `isMainThread`, and importing
 * this file serves the line. One file is then all there is to carry.
 */
if (!isMainThread && isThreadData(workerData)) {
  const tools = { clockMs: () => performance.now(), turn: nextTurn };
  expose(createMetricsSession(tools), workerData.port);
}

/** A line to metrics, as the trainer takes it. */
export interface MetricsLine {
  readonly port: MessagePort;
  /** Rejects when the thread ends by itself; calls to it then never return. */
  readonly died: Promise<never>;
  readonly end: () => Promise<void>;
}

/** CKNNA, KID and probes in a thread of their own, beside the training. */
export function startMetricsThread(): MetricsLine {
  const { port1, port2 } = new MessageChannel();
  const data: ThreadData = { role: ROLE, port: port1 };
  // the DOM's port and Node's are the same object under two names
  const worker = new Worker(fileURLToPath(import.meta.url), {
    workerData: data,
    transferList: [port1 as unknown as Transferable],
  });
  worker.unref();
  let ended = false;
  const died = new Promise<never>((_, reject) => {
    const fail = (what: string) => {
      if (ended) return;
      const hint = "Start the same command again: the run goes on from its last checkpoint.";
      reject(new StudioError("WORKER_FAILED", `The metrics thread stopped: ${what}`, hint));
    };
    worker.once("error", (error) => fail(error.message));
    worker.once("exit", (code) => fail(`exit code ${code}`));
  });
  died.catch(() => undefined); // met where a run races against it
  return {
    port: port2,
    died,
    end: async () => {
      ended = true;
      port2.close();
      await worker.terminate();
    },
  };
}
