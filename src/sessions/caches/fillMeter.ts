import type { ImageDataset } from "../../sources/data/dataset";
import type { CacheEvent } from "../../common/protocol/features";
import type { CacheSpec } from "../../common/storage/caches";
import type { ImageRange } from "../../common/storage/db";
import type { ShardJob } from "./imageRanges";

/** What is filled: the caches, and their shards that are absent. */
interface Filling {
  readonly jobs: readonly { readonly spec: Pick<CacheSpec, "label"> }[];
  readonly absent: readonly ShardJob[];
  readonly ranges?: readonly ImageRange[] | undefined;
}

type Images = Pick<ImageDataset, "size" | "trainIndices" | "heldOutIndices">;

/**
 * Counts the images that are in every cache. Caches have shards of different sizes: as many rows of each say nothing about
 * how many images they have in common.
 */
function countReady({ jobs, absent }: Filling, { size, heldOutIndices }: Images) {
  const heldOut = new Set(heldOutIndices);
  const lacking = new Uint8Array(size); // caches an image is not in
  for (const { first, last } of absent) {
    for (let image = first; image < last; image++) lacking[image] = (lacking[image] ?? 0) + 1;
  }
  const ready = { train: 0, heldOut: 0 };
  const add = (image: number) => (heldOut.has(image) ? ready.heldOut++ : ready.train++);
  lacking.forEach((caches, image) => caches === 0 && jobs.length > 0 && add(image));
  return {
    ready: () => ({ ...ready }),
    store: ({ first, last }: ShardJob) => {
      for (let image = first; image < last; image++) {
        const left = (lacking[image] ?? 0) - 1;
        lacking[image] = left;
        if (left === 0) add(image);
      }
    },
  };
}

/** Progress of the caches, and the rate of each. */
export function createFillMeter(
  filling: Filling,
  dataset: Images,
  clockMs: () => number,
  onEvent: (event: CacheEvent) => void,
) {
  const { jobs, absent, ranges } = filling;
  const missing = jobs.map(() => 0);
  for (const { cache, first, last } of absent)
    missing[cache] = (missing[cache] ?? 0) + last - first;
  const done = missing.map((rows) => dataset.size - rows);
  const filled = jobs.filter((_, cache) => (missing[cache] ?? 0) > 0);
  const label = filled.map(({ spec }) => spec.label).join(", ");
  const rows = jobs.map(() => 0);
  const seconds = jobs.map(() => 0);
  const startedMs = clockMs();
  const counted = countReady(filling, dataset);
  return {
    /** Rows of a cache were computed. */
    count: (cache: number, count: number, ms: number) => {
      done[cache] = (done[cache] ?? 0) + count;
      rows[cache] = (rows[cache] ?? 0) + count;
      seconds[cache] = (seconds[cache] ?? 0) + ms / 1000;
    },
    /** A shard of a cache was written. */
    store: counted.store,
    report: () => {
      const elapsed = (clockMs() - startedMs) / 1000;
      const computed = rows.reduce((sum, count) => sum + count, 0) / Math.max(1, filled.length);
      onEvent({
        type: "progress",
        label,
        done: Math.floor(done.reduce((sum, count) => sum + count, 0) / done.length),
        // what is computed and not stored is lost when this is cancelled
        ready: ranges ? { train: 0, heldOut: 0 } : counted.ready(),
        total: dataset.size,
        imagesPerSecond: elapsed > 0 ? computed / elapsed : 0,
      });
    },
    rateOf: (cache: number): number | undefined => {
      const time = seconds[cache] ?? 0;
      return time > 0 ? (rows[cache] ?? 0) / time : undefined;
    },
  };
}
