import { proxy } from "comlink";
import {
  alignmentAt,
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
import type { WeightsAnswer, WeightsFlow } from "./weightsFlow";
import type { StudioWorkers, WorkerPool } from "./workers";

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
  /** Sees to the weights a run needs; what cannot be found out now will be said when it starts. */
  readonly ensureReady: (
    experiment: Experiment,
    timeline: readonly TimelineEntry[],
  ) => Promise<WeightsAnswer>;
  /** Fills the caches of these encoders and does not train. */
  readonly cache: (
    experiment: Experiment,
    encoders: readonly EncoderId[],
  ) => Promise<Failure | undefined>;
  readonly billOf: (
    experiment: Experiment,
    encoders: readonly EncoderId[],
  ) => Promise<Outcome<CacheBill>>;
  readonly cancelCaching: () => void;
  /** Ends caching and trains on the images that are in every cache by then. */
  readonly trainOnCached: () => void;
}

export type TrainerMessages = Pick<TrainerApi, "pause" | "resume" | "singleStep" | "stop">;

export function createRunner(
  store: StudioStore,
  { running, current, end }: WorkerPool<StudioWorkers>,
  { ensureWeights }: Pick<WeightsFlow, "ensureWeights">,
  backend: BackendChoice,
): Runner {
  const queue = createEventQueue((events) => store.getState().applyRunEvents(events));
  /** Asked for while the caches of a run are filled. */
  let cachedOnly = false;
  const onCachedOnly = () => cachedOnly;
  const cancelCaching = () => void current()?.features.tell((api) => api.cancel());

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

  const billOf = (experiment: Experiment, encoders: readonly EncoderId[]) =>
    running().features.call((api) => api.bill(requestOf(experiment, encoders)));

  async function ensureEncoders(
    experiment: Experiment,
    encoders: readonly EncoderId[],
    purpose: string,
  ): Promise<WeightsAnswer> {
    const bill = await billOf(experiment, encoders);
    return bill.ok ? ensureWeights(bill.value.weights, purpose) : "ready";
  }

  /** Features of new encoders for a run under way; undefined when there is nothing to say. */
  async function prepareEncoders(
    experiment: Experiment,
    chosen: readonly EncoderId[],
  ): Promise<Failure | "declined" | undefined> {
    const encoders = [...new Set([...chosen, EVALUATION_ENCODER])];
    const answer = await ensureEncoders(experiment, encoders, "switch the encoder");
    return answer === "declined" ? answer : fillCaches(requestOf(experiment, encoders));
  }

  /** The form goes back to the encoders the run aligns with. */
  const keepEncoders = () => {
    const { run, setField } = store.getState();
    if (!run.experiment) return;
    const { encoders } = alignmentAt(run.experiment, run.timeline, Infinity);
    setField("alignment", "encoders", encoders);
  };

  return {
    run: async (start, pauseAfter) => {
      const request = requestOf(start.experiment, neededEncoders(start.experiment, start.timeline));
      cachedOnly = false;
      const ended = await fillCaches(request);
      const failure = onCachedOnly() && ended?.code === "CANCELLED" ? undefined : ended;
      if (failure?.code === "CANCELLED") {
        store.getState().setPhase("stopped", failure.message);
        return;
      }
      const outcome = failure
        ? { ok: false as const, failure }
        : await running().trainer.call((api) => {
            const { runId, name, experiment, timeline } = start;
            return api.start(
              {
                runId,
                name,
                experiment,
                timeline,
                backend,
                pauseAfter,
                cachedOnly: onCachedOnly(),
              },
              proxy(queue.push),
            );
          });
      if (!outcome.ok) {
        queue.push({ type: "failed", failure: outcome.failure });
        end(); // a lost device or a worker that died never comes back by itself
      }
      queue.flush();
    },
    setControl: async (experiment, change) => {
      // training goes on while a new encoder's weights are fetched and its features computed
      const failure = change.encoders && (await prepareEncoders(experiment, change.encoders));
      if (failure === "declined") {
        keepEncoders();
        return;
      }
      const outcome = failure
        ? { ok: false as const, failure }
        : await running().trainer.call((api) => api.setControl(change));
      if (!outcome.ok) queue.push({ type: "warning", failure: outcome.failure });
    },
    tell: (use) => void current()?.trainer.tell(use),
    checkpoint: () => running().trainer.call((api) => api.checkpoint()),
    bill: (experiment, timeline) => billOf(experiment, neededEncoders(experiment, timeline)),
    billOf,
    ensureReady: (experiment, timeline) =>
      ensureEncoders(experiment, neededEncoders(experiment, timeline), "train"),
    cache: async (experiment, encoders) => {
      const answer = await ensureEncoders(experiment, encoders, "fill the caches");
      return answer === "declined" ? NOT_CONFIRMED : fillCaches(requestOf(experiment, encoders));
    },
    cancelCaching,
    trainOnCached: () => {
      cachedOnly = true;
      cancelCaching();
    },
  };
}

const NOT_CONFIRMED: Failure = {
  code: "CANCELLED",
  message: "The weights were not fetched.",
  hint: "Press Start to be asked again.",
};
