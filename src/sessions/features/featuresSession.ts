import type { FeaturesApi } from "../../common/protocol/features";
import { createCachesSession } from "../caches/cachesSession";
import { createDatasetsSession } from "../datasets/datasetsSession";
import type { SessionEnvironment } from "../common/environment";
import { oneAtATime } from "../common/oneAtATime";
import { createPreviewsSession } from "../previews/previewsSession";
import { createWeightsSession } from "../weights/weightsSession";

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
