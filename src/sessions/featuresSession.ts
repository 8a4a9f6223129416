import type { FeaturesApi } from "../protocol/features";
import { createCachesSession } from "./cachesSession";
import { createDatasetsSession } from "./datasetsSession";
import type { SessionEnvironment } from "./environment";
import { oneAtATime } from "./oneAtATime";
import { createPreviewsSession } from "./previewsSession";
import { createWeightsSession } from "./weightsSession";

/**
 * The features worker: caches, weights, data sets and previews. What computes takes turns, because the worker has one
 * tfjs; downloads and imports go on beside it.
 */
export function createFeaturesSession(environment: SessionEnvironment): FeaturesApi {
  const caches = createCachesSession(environment);
  const previews = createPreviewsSession(environment);
  const inTurn = oneAtATime();
  return {
    ...caches,
    ...createWeightsSession(environment),
    ...createDatasetsSession(environment),
    ...previews,
    prepare: (request, onEvent) => inTurn(() => caches.prepare(request, onEvent)),
    featureMaps: (request, onDevice) => inTurn(() => previews.featureMaps(request, onDevice)),
  };
}
