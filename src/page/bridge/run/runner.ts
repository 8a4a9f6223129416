import { proxy } from "comlink";
import {
  alignmentAt,
  type ControlChange,
  type EncoderId,
  type Experiment,
  type TimelineEntry,
} from "../../../common/config/experiment";
import { neededFeatures } from "../../../common/config/neededFeatures";
import { gridSide } from "../../../common/config/sizes";
import type { Failure } from "../../../common/errors/studioError";
import type {
  CacheCostEstimate,
  CacheEvent,
  CacheRequest,
} from "../../../common/protocol/features";
import type { BackendChoice, Outcome } from "../../../common/protocol/shared";
import type { TrainerApi } from "../../../common/protocol/trainer";
import type { RunStart } from "../../store/runSlice";
import type { StudioStore } from "../../store/studioStore";
import { createEventQueue } from "./eventQueue";
import type { WeightsDecision, WeightsFlow } from "../flows/weightsFlow";
import type { StudioWorkers, WorkerPool } from "../workers/workers";

/** Caches and trains one experiment at a time; what happens is seen in the store. */
export interface Runner {
  /** Fills the caches, then trains until the run is over. */
  readonly run: (start: RunStart, pauseAfter?: number) => Promise<void>;
  readonly setControl: (experiment: Experiment, change: ControlChange) => Promise<void>;
  /** Passes a message on to the trainer; nothing happens when there is no run. */
  readonly tell: (use: (trainer: TrainerMessages) => Promise<void>) => void;
  readonly checkpoint: () => Promise<Outcome<ArrayBuffer>>;
  readonly costEstimate: (
    experiment: Experiment,
    timeline: readonly TimelineEntry[],
  ) => Promise<Outcome<CacheCostEstimate>>;
  /** Asks for the weights a run needs. Where the estimate fails it resolves to "ready": the start fails as well, and says why. */
  readonly ensureReady: (
    experiment: Experiment,
    timeline: readonly TimelineEntry[],
  ) => Promise<WeightsDecision>;
  /** Fills the caches of these encoders and does not train. */
  readonly cache: (
    experiment: Experiment,
    features: RequestedFeatures,
  ) => Promise<Failure | undefined>;
  readonly costEstimateOf: (
    experiment: Experiment,
    features: RequestedFeatures,
  ) => Promise<Outcome<CacheCostEstimate>>;
  readonly cancelCaching: () => void;
  /** Ends caching and trains on the images that are in every cache by then. */
  readonly trainOnCached: () => void;
}

/** Caches alone are filled without a space to measure in. */
export type RequestedFeatures = Pick<CacheRequest, "encoders" | "space">;

export type TrainerMessages = Pick<TrainerApi, "pause" | "resume" | "singleStep" | "stop">;

export function createRunner(
  store: StudioStore,
  { running, current, end }: WorkerPool<StudioWorkers>,
  { ensureWeights }: Pick<WeightsFlow, "ensureWeights">,
  backend: BackendChoice,
): Runner {
  const queue = createEventQueue((events) => store.getState().applyRunEvents(events));
  /** Whether the user asked to train on the cached images while the caches of a run were filled. */
  let cachedOnly = false;
  const onCachedOnly = () => cachedOnly;
  const cancelCaching = () => void current()?.features.tell((api) => api.cancel());

  const requestOf = (experiment: Experiment, features: RequestedFeatures): CacheRequest => ({
    data: experiment.data,
    autoencoder: experiment.autoencoder,
    grid: gridSide(experiment),
    ...features,
    backend,
  });

  /** Fills what is missing. @returns what went wrong, if anything did */
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

  const costEstimateOf = (experiment: Experiment, features: RequestedFeatures) =>
    running().features.call((api) => api.costEstimate(requestOf(experiment, features)));

  async function ensureWeightsOf(
    experiment: Experiment,
    features: RequestedFeatures,
    purpose: string,
  ): Promise<WeightsDecision> {
    const costEstimate = await costEstimateOf(experiment, features);
    return costEstimate.ok ? ensureWeights(costEstimate.value.weights, purpose) : "ready";
  }

  /** Features of new encoders for a run under way; undefined when they are cached. */
  async function prepareEncoders(
    experiment: Experiment,
    chosen: readonly EncoderId[],
  ): Promise<Failure | "declined" | undefined> {
    const features = { encoders: chosen, space: experiment.evaluation.space };
    const decision = await ensureWeightsOf(experiment, features, "switch the encoder");
    return decision === "declined" ? decision : fillCaches(requestOf(experiment, features));
  }

  /** Resets the form to the encoders the run aligns with. */
  const keepEncoders = () => {
    const { run, setField } = store.getState();
    if (!run.experiment) return;
    const { encoders } = alignmentAt(run.experiment, run.timeline, Infinity);
    setField("alignment", "encoders", encoders);
  };

  return {
    run: async (start, pauseAfter) => {
      const request = requestOf(start.experiment, neededFeatures(start.experiment, start.timeline));
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
        end(); // workers with a lost device, and those that died, cannot be used again
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
    costEstimate: (experiment, timeline) =>
      costEstimateOf(experiment, neededFeatures(experiment, timeline)),
    costEstimateOf,
    ensureReady: (experiment, timeline) =>
      ensureWeightsOf(experiment, neededFeatures(experiment, timeline), "train"),
    cache: async (experiment, features) => {
      const decision = await ensureWeightsOf(experiment, features, "fill the caches");
      return decision === "declined" ? NOT_CONFIRMED : fillCaches(requestOf(experiment, features));
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
