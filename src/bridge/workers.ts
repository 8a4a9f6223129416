import { transfer } from "comlink";
import type { FeaturesApi } from "../protocol/features";
import type { MetricsHost } from "../protocol/metrics";
import type { TrainerApi } from "../protocol/trainer";
import { createWorkerClient, type WorkerClient } from "./workerClient";

/** The workers the page talks to; metrics answers the trainer, not the page. */
export interface StudioWorkers {
  readonly features: WorkerClient<FeaturesApi>;
  readonly trainer: WorkerClient<TrainerApi>;
  readonly terminate: () => void;
}

/** The only place that starts workers. The trainer gets its own line to the metrics worker. */
export function startWorkers(): StudioWorkers {
  const trainer = createWorkerClient<TrainerApi>(
    "trainer",
    new Worker(new URL("../../workers/trainer.worker.ts", import.meta.url), { type: "module" }),
  );
  const features = createWorkerClient<FeaturesApi>(
    "features",
    new Worker(new URL("../../workers/features.worker.ts", import.meta.url), { type: "module" }),
  );
  const metrics = createWorkerClient<MetricsHost>(
    "metrics",
    new Worker(new URL("../../workers/metrics.worker.ts", import.meta.url), { type: "module" }),
  );
  const { port1, port2 } = new MessageChannel();
  // a worker that cannot be reached answers the first real call with its failure
  void metrics.tell((api) => api.connect(transfer(port1, [port1])));
  void trainer.tell((api) => api.connectMetrics(transfer(port2, [port2])));
  return {
    trainer,
    features,
    terminate: () => [trainer, features, metrics].forEach((client) => client.terminate()),
  };
}

/** Workers by need: started by the first call, and again after they were ended. */
export interface WorkerPool {
  readonly running: () => StudioWorkers;
  /** The workers if they run. */
  readonly current: () => StudioWorkers | undefined;
  readonly end: () => void;
}

export function createWorkerPool(start: () => StudioWorkers = startWorkers): WorkerPool {
  let workers: StudioWorkers | undefined;
  return {
    running: () => (workers ??= start()),
    current: () => workers,
    end: () => {
      workers?.terminate();
      workers = undefined;
    },
  };
}
