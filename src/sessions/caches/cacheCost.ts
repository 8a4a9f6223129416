import type { ImageDataset } from "../../sources/data/dataset";
import type { CacheCostEstimate, CacheCostItem } from "../../common/protocol/features";
import type { Database } from "../../common/storage/db";
import type { CacheJob } from "./cacheJobs";
import { cacheRate } from "./cacheRates";
import { weightsNeeded } from "./cacheWeights";

const HALF_BYTES = 2;

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
export async function costEstimateOf(
  db: Database,
  dataset: ImageDataset,
  jobs: readonly CacheJob[],
): Promise<CacheCostEstimate> {
  const items = await Promise.all(jobs.map((job) => costItem(db, dataset, job)));
  return { images: dataset.size, items, weights: await weightsNeeded(db, dataset, jobs) };
}
