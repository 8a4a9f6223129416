import type { ImageDataset } from "../../sources/data/dataset";
import { weightsMissing } from "../../engine/encoders/modelSources";
import { StudioError } from "../../common/errors/studioError";
import { currentStudioBackend } from "../../engine/kernels/studioBackend";
import type {
  CacheCostEstimate,
  CacheCostItem,
  CacheEvent,
  CacheRequest,
  CachesApi,
} from "../../common/protocol/features";
import type { Database } from "../../common/storage/db";
import { deletable } from "../../common/storage/deletable";
import { assertRoomFor } from "../../common/storage/quota";
import { cacheJobs, type CacheJob } from "./cacheJobs";
import { cacheRate } from "./cacheRates";
import { retryOnDeviceLoss } from "../device/deviceRecovery";
import { deviceWarnings } from "../device/deviceWarnings";
import type { SessionEnvironment } from "../common/environment";
import { fillCaches, planFilling } from "./fillCaches";
import { loadDataset } from "../datasets/datasets";
import { outcomeOf } from "../common/outcome";
import { withDatabase } from "../common/withDatabase";
import { dropOutdated, weightsNeeded, withWeights } from "./cacheWeights";

const HALF_BYTES = 2;

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
      attempt: (onFault) => fillMissing(environment, request, { onEvent, onFault, between }),
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

/** Opens the database and the data set for one call, and closes the database. */
const withCaches = <T>(
  environment: SessionEnvironment,
  request: CacheRequest,
  work: (db: Database, dataset: ImageDataset, jobs: readonly CacheJob[]) => Promise<T>,
): Promise<T> =>
  withDatabase(environment, async (db) => {
    const dataset = await loadDataset(environment, db, request.data);
    const jobs = cacheJobs(environment, dataset, request);
    return work(db, dataset, await Promise.all(jobs.map((job) => withWeights(db, job))));
  });

interface FillingHooks {
  readonly onEvent: (event: CacheEvent) => void;
  readonly onFault: (fault: StudioError) => void;
  /** Awaited between pieces of work. Lets messages be handled, and throws when caching is to end. */
  readonly between: () => Promise<void>;
}

/** Fills what is missing, on a device of its own. */
const fillMissing = (
  environment: SessionEnvironment,
  request: CacheRequest,
  { onEvent, onFault, between }: FillingHooks,
): Promise<null> =>
  withCaches(environment, request, async (db, dataset, jobs) => {
    for (const { spec } of jobs) await dropOutdated(db, spec, onEvent);
    const plan = await planFilling(db, jobs, dataset.size, {
      onEvent,
      between,
      ranges: request.ranges,
    });
    if (plan.absent.length === 0) return null; // a resumed run needs no second device
    await assertPossible(db, dataset, jobs);
    const device = await environment.startRuntime(request.backend, onFault);
    onEvent({ type: "device", device });
    for (const failure of deviceWarnings(device)) onEvent({ type: "warning", failure });
    const { adapter } = device;
    await fillCaches(environment, db, dataset, plan, { adapter, onEvent, between });
    currentStudioBackend()?.trim(); // the trainer needs the memory now
    return null;
  });

/** @throws StudioError when storage has no room, or weights are not stored */
async function assertPossible(
  db: Database,
  dataset: ImageDataset,
  jobs: readonly CacheJob[],
): Promise<void> {
  const { items } = await costEstimateOf(db, dataset, jobs);
  const bytes = items.reduce((sum, item) => sum + item.bytes - item.cachedBytes, 0);
  await assertRoomFor(bytes, "Caching latents and features", () => deletable(db));
  const needed = await weightsNeeded(db, dataset, jobs);
  if (needed[0]) throw weightsMissing(needed[0].files);
}

const cachedRows = (environment: SessionEnvironment, request: CacheRequest): Promise<number> =>
  withCaches(environment, request, async (db, _, jobs) => {
    const known = await Promise.all(jobs.map(({ spec }) => db.get("caches", spec.cacheKey)));
    return known.reduce((sum, cache) => sum + (cache?.rows ?? 0), 0);
  });

/**
 * Bytes of one cache, the stored part of them by its record (shards are verified when they are read), and the time for
 * the rest.
 */
async function costItem(
  db: Database,
  { size, resolution }: ImageDataset,
  { spec }: CacheJob,
): Promise<CacheCostItem> {
  const known = await db.get("caches", spec.cacheKey);
  const rowBytes = spec.rowLength * HALF_BYTES;
  const cached = Math.min(known?.rows ?? 0, size);
  const rate = await cacheRate(db, spec, resolution);
  return {
    label: spec.label,
    bytes: size * rowBytes,
    cachedBytes: cached * rowBytes,
    seconds: cached === size ? 0 : rate ? (size - cached) / rate.imagesPerSecond : null,
  };
}

/** What the caches take in all, and what is stored of it. */
async function costEstimateOf(
  db: Database,
  dataset: ImageDataset,
  jobs: readonly CacheJob[],
): Promise<CacheCostEstimate> {
  const items = await Promise.all(jobs.map((job) => costItem(db, dataset, job)));
  return { images: dataset.size, items, weights: await weightsNeeded(db, dataset, jobs) };
}
