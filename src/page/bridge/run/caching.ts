import { proxy } from "comlink";
import type { Experiment, TimelineEntry } from "../../../common/config/experiment";
import { neededFeatures } from "../../../common/config/neededFeatures";
import { gridSide } from "../../../common/config/sizes";
import type { Failure } from "../../../common/errors/studioError";
import type {
  CacheCostEstimate,
  CacheEvent,
  CacheRequest,
} from "../../../common/protocol/features";
import type { BackendChoice, Outcome } from "../../../common/protocol/shared";
import type { RunEvent } from "../../../common/protocol/trainer";
import type { StudioStore } from "../../store/studioStore";
import type { WeightsFlow } from "../flows/weightsFlow";
import { tellOrEnd } from "../workers/heard";
import type { FeaturesWorkers, WorkerPool } from "../workers/workers";

/** Caches alone are filled without a space to measure in. */
export type RequestedFeatures = Pick<CacheRequest, "encoders" | "space">;

/** Filling caches in the features worker, for a run, an analysis or alone; progress is seen in the store. */
export interface Caching {
  readonly costEstimate: (
    experiment: Experiment,
    timeline: readonly TimelineEntry[],
  ) => Promise<Outcome<CacheCostEstimate>>;
  readonly costEstimateOf: (
    experiment: Experiment,
    features: RequestedFeatures,
  ) => Promise<Outcome<CacheCostEstimate>>;
  /**
   * Fills what is missing, of the images in `ranges` where they are given.
   * @returns what went wrong, if anything did; CANCELLED after `cancelCaching`
   */
  readonly fill: (
    experiment: Experiment,
    features: RequestedFeatures,
    ranges?: CacheRequest["ranges"],
  ) => Promise<Failure | undefined>;
  /** Asks for the weights that are missing for `purpose` (an infinitive) first. */
  readonly cache: (
    experiment: Experiment,
    features: RequestedFeatures,
    purpose?: string,
    ranges?: CacheRequest["ranges"],
  ) => Promise<Failure | undefined>;
  /** Ends filling after the shard in flight. Resolves when the worker has heard it. */
  readonly cancelCaching: () => Promise<unknown>;
  /** The same; a worker that does not hear it in time is ended. */
  readonly stopCaching: () => void;
}

export function createCaching(
  store: StudioStore,
  pool: WorkerPool<FeaturesWorkers>,
  { ensureWeights }: Pick<WeightsFlow, "ensureWeights">,
  backend: BackendChoice,
  onWarning: (event: RunEvent) => void,
): Caching {
  const requestOf = (experiment: Experiment, features: RequestedFeatures): CacheRequest => ({
    data: experiment.data,
    autoencoder: experiment.autoencoder,
    grid: gridSide(experiment),
    ...features,
    backend,
  });
  const costEstimateOf = (experiment: Experiment, features: RequestedFeatures) =>
    pool.running().features.call((api) => api.costEstimate(requestOf(experiment, features)));

  async function fill(
    experiment: Experiment,
    features: RequestedFeatures,
    ranges?: CacheRequest["ranges"],
  ) {
    const { applyCacheEvent, endCaching } = store.getState();
    let filling = true;
    const onEvent = (event: CacheEvent) => {
      if (event.type === "warning") onWarning(event);
      // events come over a port of their own: the last progress may arrive after the answer
      else if (filling || event.type !== "progress") applyCacheEvent(event);
    };
    const request = { ...requestOf(experiment, features), ranges };
    const outcome = await pool
      .running()
      .features.call((api) => api.prepare(request, proxy(onEvent)));
    filling = false;
    endCaching();
    return outcome.ok ? undefined : outcome.failure;
  }

  const cancel = ({ features }: FeaturesWorkers) => features.tell((api) => api.cancel());
  const cancelCaching = async (): Promise<void> => {
    const workers = pool.current();
    if (workers) await cancel(workers);
  };

  return {
    fill,
    costEstimateOf,
    costEstimate: (experiment, timeline) =>
      costEstimateOf(experiment, neededFeatures(experiment, timeline)),
    cache: async (experiment, features, purpose = "fill the caches", ranges) => {
      const needed = await costEstimateOf(experiment, features);
      // where the estimate fails filling fails as well, and says why
      if (needed.ok && (await ensureWeights(needed.value.weights, purpose)) === "declined") {
        return NOT_FETCHED;
      }
      return fill(experiment, features, ranges);
    },
    cancelCaching,
    stopCaching: () => void tellOrEnd(pool, cancel),
  };
}

const NOT_FETCHED: Failure = {
  code: "CANCELLED",
  message: "The weights were not fetched.",
  hint: "Press Train to be asked again.",
};
