import { transfer } from "comlink";
import type { AnalysisApi } from "../../../common/protocol/analysis";
import type { FeaturesApi } from "../../../common/protocol/features";
import type { MetricsHost } from "../../../common/protocol/metrics";
import type { TrainerApi } from "../../../common/protocol/trainer";
import { createWorkerClient, type WorkerClient } from "./workerClient";

/** Workers are started in this file alone. */
const startMetrics = () =>
  createWorkerClient<MetricsHost>(
    "metrics",
    new Worker(new URL("../../../../workers/metrics.worker.ts", import.meta.url), {
      type: "module",
    }),
  );

/** Joins a worker to the metrics worker by a line of their own, and tells it when that one is gone. */
function joinMetrics(
  metrics: WorkerClient<MetricsHost>,
  worker: WorkerClient<Pick<TrainerApi, "connectMetrics" | "loseMetrics">>,
): void {
  const { port1, port2 } = new MessageChannel();
  void metrics.tell((api) => api.connect(transfer(port1, [port1])));
  void worker.tell((api) => api.connectMetrics(transfer(port2, [port2])));
  void metrics.gone.then((failure) => worker.tell((api) => api.loseMetrics(failure)));
}

/** The workers of an analysis. They are not those of training, so that neither waits for the other or ends with it. */
export interface AnalysisWorkers {
  readonly analysis: WorkerClient<AnalysisApi>;
  readonly terminate: () => void;
}

export function startAnalysisWorkers(): AnalysisWorkers {
  const analysis = createWorkerClient<AnalysisApi>(
    "analysis",
    new Worker(new URL("../../../../workers/analysis.worker.ts", import.meta.url), {
      type: "module",
    }),
  );
  const metrics = startMetrics();
  joinMetrics(metrics, analysis);
  return { analysis, terminate: () => [analysis, metrics].forEach((client) => client.terminate()) };
}

/** The trainer with its metrics worker, which the trainer calls and not the page. */
export interface TrainerWorkers {
  readonly trainer: WorkerClient<TrainerApi>;
  readonly terminate: () => void;
}

export function startTrainer(): TrainerWorkers {
  const trainer = createWorkerClient<TrainerApi>(
    "trainer",
    new Worker(new URL("../../../../workers/trainer.worker.ts", import.meta.url), {
      type: "module",
    }),
  );
  const metrics = startMetrics();
  joinMetrics(metrics, trainer);
  return { trainer, terminate: () => [trainer, metrics].forEach((client) => client.terminate()) };
}

/** Downloads, imports, caches and previews: a worker of its own, so that none of them ends with a run. */
export interface FeaturesWorkers {
  readonly features: WorkerClient<FeaturesApi>;
  readonly terminate: () => void;
}

export function startFeatures(): FeaturesWorkers {
  const features = createWorkerClient<FeaturesApi>(
    "features",
    new Worker(new URL("../../../../workers/features.worker.ts", import.meta.url), {
      type: "module",
    }),
  );
  return { features, terminate: () => features.terminate() };
}

/** Workers by need: started by the first call, and again after they were ended. */
export interface WorkerPool<Workers> {
  readonly running: () => Workers;
  /** The workers if they run. */
  readonly current: () => Workers | undefined;
  readonly end: () => void;
}

export function createWorkerPool<Workers extends { readonly terminate: () => void }>(
  start: () => Workers,
): WorkerPool<Workers> {
  let workers: Workers | undefined;
  return {
    running: () => (workers ??= start()),
    current: () => workers,
    end: () => {
      workers?.terminate();
      workers = undefined;
    },
  };
}
