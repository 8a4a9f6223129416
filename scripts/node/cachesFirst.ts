import { hubFileKey } from "../../src/common/catalogue/hubFile";
import type { Experiment, TimelineEntry } from "../../src/common/config/experiment";
import { neededFeatures } from "../../src/common/config/neededFeatures";
import { gridSide } from "../../src/common/config/sizes";
import { fromFailure, StudioError } from "../../src/common/errors/studioError";
import type { CacheEvent, CacheRequest, FeaturesApi } from "../../src/common/protocol/features";
import type { BackendChoice, Outcome } from "../../src/common/protocol/shared";
import type { WeightsEvent, WeightsNeeded } from "../../src/common/protocol/weights";

/** The value of an outcome. @throws its failure */
export async function valueOf<T>(result: Promise<Outcome<T>>): Promise<T> {
  const outcome = await result;
  if (!outcome.ok) throw fromFailure(outcome.failure);
  return outcome.value;
}

/** The request for caches that the page makes before a run (src/page/bridge/run/caching.ts). */
export const cacheRequest = (
  experiment: Experiment,
  timeline: readonly TimelineEntry[],
  backend: BackendChoice,
): CacheRequest => ({
  data: experiment.data,
  autoencoder: experiment.autoencoder,
  grid: gridSide(experiment),
  ...neededFeatures(experiment, timeline),
  backend,
});

/** Fetches the preferred file of each, as the page does after the user has confirmed. */
async function fetchWeights(
  features: FeaturesApi,
  needed: readonly WeightsNeeded[],
  download: boolean,
  onEvent: (event: WeightsEvent) => void,
): Promise<void> {
  const missing = (what: string, hint: string) => new StudioError("WEIGHTS_MISSING", what, hint);
  for (const { label, files } of needed) {
    const [file] = files;
    if (!file) throw missing(`No file holds the weights of ${label}.`, "Choose another network.");
    const name = `${label}: ${hubFileKey(file)} (${Math.ceil(file.bytes / 1e6)} MB)`;
    if (file.byHand !== undefined) {
      throw missing(name, "No hub has this file: make it, and choose it in the browser runtime.");
    }
    if (!download) throw missing(name, "Add --download to fetch it.");
    await valueOf(features.downloadWeights(file, { float16: false }, onEvent));
  }
}

export interface CacheHooks {
  readonly download: boolean;
  readonly onCacheEvent: (event: CacheEvent) => void;
  readonly onWeightsEvent: (event: WeightsEvent) => void;
}

/**
 * Sees to weights and caches, as the page does before it starts the trainer.
 * @throws StudioError WEIGHTS_MISSING where weights may not be fetched, CANCELLED after `features.cancel`, and what
 * downloads, networks and storage throw
 */
export async function fillCachesFirst(
  features: FeaturesApi,
  request: CacheRequest,
  { download, onCacheEvent, onWeightsEvent }: CacheHooks,
): Promise<void> {
  const { weights } = await valueOf(features.costEstimate(request));
  await fetchWeights(features, weights, download, onWeightsEvent);
  await valueOf(features.prepare(request, onCacheEvent));
}
