import { loadPart } from "../../common/errors/loadPart";
import { StudioError } from "../../common/errors/studioError";
import type { CacheEvent, CacheRequest, CachesApi } from "../../common/protocol/features";
import type { SessionEnvironment } from "../common/environment";
import { outcomeOf } from "../common/outcome";
import { retryOnDeviceLoss } from "../device/deviceRecovery";
import { costEstimateOf } from "./cacheCost";
import { withCaches } from "./withCaches";

/** Fills the caches a run needs, shard by shard. */
export function createCachesSession(environment: SessionEnvironment): CachesApi {
  let cancelled = false;
  let deviceFailure: StudioError | undefined;

  const between = async () => {
    await environment.turn();
    if (deviceFailure) throw deviceFailure;
    if (cancelled) throw cachingCancelled();
  };

  const prepare = (request: CacheRequest, onEvent: (event: CacheEvent) => void): Promise<null> =>
    retryOnDeviceLoss(environment, {
      attempt: async (onFault) => {
        // half of this worker's code is tfjs and networks, which a page that only looks does not need
        const { fillMissing } = await loadPart(() => import("./fillMissing"));
        return fillMissing(environment, request, { onEvent, onFault, between });
      },
      setFault: (fault) => (deviceFailure = fault),
      stored: () => cachedRows(environment, request),
      onRestart: ({ code, message }) => {
        const hint = "Caching goes on by itself, on a new device, from the last stored shard.";
        onEvent({ type: "warning", failure: { code, message, hint } });
      },
    });

  return {
    costEstimate: (request) => outcomeOf(() => withCaches(environment, request, costEstimateOf)),
    prepare: (request, onEvent) => {
      cancelled = false;
      deviceFailure = undefined;
      return outcomeOf(() => prepare(request, onEvent));
    },
    cancel: () => {
      cancelled = true;
      return Promise.resolve();
    },
  };
}

const cachingCancelled = () =>
  new StudioError(
    "CANCELLED",
    "Caching was cancelled.",
    "Press Train to go on: what is cached is kept.",
  );

const cachedRows = (environment: SessionEnvironment, request: CacheRequest): Promise<number> =>
  withCaches(environment, request, async (db, _, jobs) => {
    const known = await Promise.all(jobs.map(({ spec }) => db.get("caches", spec.cacheKey)));
    return known.reduce((sum, cache) => sum + (cache?.rows ?? 0), 0);
  });
