import { proxy } from "comlink";
import {
  EVALUATION_ENCODER,
  type ControlChange,
  type EncoderId,
  type Experiment,
  type TimelineEntry,
} from "../config/experiment";
import { neededEncoders } from "../config/neededEncoders";
import { gridSide } from "../config/sizes";
import type { Failure } from "../errors/studioError";
import type { CacheBill, CacheEvent, CacheRequest } from "../protocol/features";
import type { BackendChoice, Outcome } from "../protocol/shared";
import type { TrainerApi } from "../protocol/trainer";
import type { RunStart } from "../store/runSlice";
import type { StudioStore } from "../store/studioStore";
import { createEventQueue } from "./eventQueue";
import { startWorkers, type StudioWorkers } from "./workers";

/** Caches and trains one experiment at a time; what happens is seen in the store. */
export interface Runner {
  /** Fills the caches, then trains until the run is over. */
  readonly run: (start: RunStart, pauseAfter?: number) => Promise<void>;
  readonly setControl: (experiment: Experiment, change: ControlChange) => Promise<void>;
  /** Passes a message on to the trainer; nothing happens when there is no run. */
  readonly tell: (use: (trainer: TrainerMessages) => Promise<void>) => void;
  readonly checkpoint: () => Promise<Outcome<ArrayBuffer>>;
  readonly bill: (
    experiment: Experiment,
    timeline: readonly TimelineEntry[],
  ) => Promise<Outcome<CacheBill>>;
  readonly cancelCaching: () => void;
  readonly dispose: () => void;
}

export type TrainerMessages = Pick<TrainerApi, "pause" | "resume" | "singleStep" | "stop">;

export function createRunner(store: StudioStore, backend: BackendChoice): Runner {
  let workers: StudioWorkers | undefined;
  const queue = createEventQueue((events) => store.getState().applyRunEvents(events));

  const running = () => (workers ??= startWorkers());
  const restart = () => {
    workers?.terminate();
    workers = undefined;
  };
  const requestOf = (experiment: Experiment, encoders: readonly EncoderId[]): CacheRequest => ({
    data: experiment.data,
    autoencoder: experiment.autoencoder,
    grid: gridSide(experiment),
    encoders,
    backend,
  });

  /** Fills what is missing; answers with what went wrong. */
  async function fillCaches(request: CacheRequest): Promise<Failure | undefined> {
    const { applyCacheEvent, endCaching } = store.getState();
    const onEvent = (event: CacheEvent) => {
      if (event.type === "warning") queue.push(event);
      else applyCacheEvent(event);
    };
    const outcome = await running().features.call((api) => api.prepare(request, proxy(onEvent)));
    endCaching();
    return outcome.ok ? undefined : outcome.failure;
  }

  return {
    run: async (start, pauseAfter) => {
      const request = requestOf(start.experiment, neededEncoders(start.experiment, start.timeline));
      const failure = await fillCaches(request);
      if (failure?.code === "CANCELLED") {
        store.getState().setPhase("stopped", failure.message);
        return;
      }
      const outcome = failure
        ? { ok: false as const, failure }
        : await running().trainer.call((api) => {
            const { runId, name, experiment, timeline } = start;
            return api.start(
              { runId, name, experiment, timeline, backend, pauseAfter },
              proxy(queue.push),
            );
          });
      if (!outcome.ok) {
        queue.push({ type: "failed", failure: outcome.failure });
        restart(); // a lost device or a worker that died never comes back by itself
      }
      queue.flush();
    },
    setControl: async (experiment, change) => {
      // training goes on while a new encoder's features are computed
      const encoders = change.encoders && [...new Set([...change.encoders, EVALUATION_ENCODER])];
      const failure = encoders && (await fillCaches(requestOf(experiment, encoders)));
      const outcome = failure
        ? { ok: false as const, failure }
        : await running().trainer.call((api) => api.setControl(change));
      if (!outcome.ok) queue.push({ type: "warning", failure: outcome.failure });
    },
    tell: (use) => void workers?.trainer.tell(use),
    checkpoint: () => running().trainer.call((api) => api.checkpoint()),
    bill: (experiment, timeline) =>
      running().features.call((api) =>
        api.bill(requestOf(experiment, neededEncoders(experiment, timeline))),
      ),
    cancelCaching: () => void workers?.features.tell((api) => api.cancel()),
    dispose: restart,
  };
}
