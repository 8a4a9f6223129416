import * as tf from "@tensorflow/tfjs-core";
import type { ImageDataset } from "../../sources/data/dataset";
import { float32ToHalf } from "../../common/math/half";
import { randomPermutation } from "../../common/math/rng";
import type { CacheEvent } from "../../common/protocol/features";
import { readShard, shardRanges, writeShard } from "../../common/storage/caches";
import type { Database } from "../../common/storage/db";
import type { CacheJob, RowMaker } from "./cacheJobs";
import { putCacheRate } from "./cacheRates";
import type { SessionEnvironment } from "../common/environment";
import { BLOCK_IMAGES, fillingOrder, type ShardJob } from "./imageRanges";
import { imageTensor } from "../common/images";

/** The caches of a request, and those of their shards that are missing or damaged. */
export interface FillPlan {
  readonly jobs: readonly CacheJob[];
  /** In the order of filling. */
  readonly absent: readonly ShardJob[];
}

/**
 * Awaited between pieces of work. Lets messages be handled, and throws when the work was cancelled or its device is
 * lost.
 */
type Between = () => Promise<void>;

/** Seed of the filling order. It is fixed, so that a run that starts early misses the same images whatever its seed. */
const blockRanks = (images: number): ((block: number) => number) => {
  const blocks = Math.ceil(images / BLOCK_IMAGES);
  const order = randomPermutation({ seed: 0, stream: "caches/blocks" }, blocks);
  const ranks = new Uint32Array(blocks);
  order.forEach((block, rank) => (ranks[block] = rank));
  return (block) => ranks[block] ?? block;
};

/** Checks every shard of the caches; one that is damaged is reported and counts as absent. */
export async function planFilling(
  db: Database,
  jobs: readonly CacheJob[],
  images: number,
  onEvent: (event: CacheEvent) => void,
  between: Between,
): Promise<FillPlan> {
  const sound = new Set<string>();
  for (const [cache, { spec }] of jobs.entries()) {
    for (const range of shardRanges(spec, images)) {
      const found = await readShard(db, spec, range);
      if (found === "damaged") {
        onEvent({ type: "repaired", label: spec.label, shard: range.shard });
      }
      if (typeof found !== "string") sound.add(`${cache}/${range.shard}`);
      await between();
    }
  }
  const specs = jobs.map(({ spec }) => spec);
  const absent = fillingOrder(specs, images, blockRanks(images)).filter(
    ({ cache, shard }) => !sound.has(`${cache}/${shard}`),
  );
  return { jobs, absent };
}

/** Float16 rows of some images, computed in chunks; the next chunk's images are read meanwhile. */
async function computeRows(
  dataset: ImageDataset,
  { rowsOf, chunk }: RowMaker,
  rowLength: number,
  { first, last }: Pick<ShardJob, "first" | "last">,
  after: (count: number) => Promise<void>,
): Promise<Uint16Array> {
  const read = (row: number) =>
    dataset.readRgb(Uint32Array.from({ length: Math.min(chunk, last - row) }, (_, i) => row + i));
  const out = new Uint16Array((last - first) * rowLength);
  let reading = read(first);
  for (let row = first; row < last; row += chunk) {
    const rgb = await reading;
    const rows = tf.tidy(() => rowsOf(imageTensor(rgb, dataset.resolution)));
    if (row + chunk < last) reading = read(row + chunk);
    const values = await rows.data<"float32">();
    rows.dispose();
    out.set(float32ToHalf(values), (row - first) * rowLength);
    await after(Math.min(chunk, last - row));
  }
  return out;
}

/** Progress of the caches, and the rate of each. */
function createMeter(
  { jobs, absent }: FillPlan,
  images: number,
  clockMs: () => number,
  onEvent: (event: CacheEvent) => void,
) {
  const missing = jobs.map(() => 0);
  for (const { cache, first, last } of absent)
    missing[cache] = (missing[cache] ?? 0) + last - first;
  const done = missing.map((rows) => images - rows);
  const stored = [...done];
  const filled = jobs.filter((_, cache) => (missing[cache] ?? 0) > 0);
  const label = filled.map(({ spec }) => spec.label).join(", ");
  const rows = jobs.map(() => 0);
  const seconds = jobs.map(() => 0);
  const startedMs = clockMs();
  return {
    /** Rows of a cache were computed. */
    count: (cache: number, count: number, ms: number) => {
      done[cache] = (done[cache] ?? 0) + count;
      rows[cache] = (rows[cache] ?? 0) + count;
      seconds[cache] = (seconds[cache] ?? 0) + ms / 1000;
    },
    /** A shard of a cache was written. */
    store: ({ cache, first, last }: ShardJob) => {
      stored[cache] = (stored[cache] ?? 0) + last - first;
    },
    report: () => {
      const elapsed = (clockMs() - startedMs) / 1000;
      const computed = rows.reduce((sum, count) => sum + count, 0) / Math.max(1, filled.length);
      onEvent({
        type: "progress",
        label,
        done: Math.floor(done.reduce((sum, count) => sum + count, 0) / done.length),
        // what is computed and not stored is lost when this is cancelled
        ready: Math.min(...stored),
        total: images,
        imagesPerSecond: elapsed > 0 ? computed / elapsed : 0,
      });
    },
    rateOf: (cache: number): number | undefined => {
      const time = seconds[cache] ?? 0;
      return time > 0 ? (rows[cache] ?? 0) / time : undefined;
    },
  };
}

/**
 * Computes and writes the shards that are absent. A shard is written before the next is begun, so at most one shard's
 * work is lost. Networks are loaded when their first shard is due and all stay until the end.
 */
export async function fillCaches(
  environment: Pick<SessionEnvironment, "clockMs" | "nowMs">,
  db: Database,
  dataset: ImageDataset,
  plan: FillPlan,
  {
    adapter,
    onEvent,
    between,
  }: {
    readonly adapter: string;
    readonly onEvent: (event: CacheEvent) => void;
    readonly between: Between;
  },
): Promise<void> {
  const { jobs, absent } = plan;
  const meter = createMeter(plan, dataset.size, environment.clockMs, onEvent);
  const makers = new Map<number, RowMaker>();
  const after = async () => {
    meter.report();
    await between();
  };
  try {
    await after();
    for (const job of absent) {
      const cacheJob = jobs[job.cache];
      if (!cacheJob) continue;
      const maker = makers.get(job.cache) ?? (await cacheJob.load());
      makers.set(job.cache, maker);
      const { spec } = cacheJob;
      let sinceMs = environment.clockMs();
      const rows = await computeRows(dataset, maker, spec.rowLength, job, async (count) => {
        const nowMs = environment.clockMs();
        meter.count(job.cache, count, nowMs - sinceMs);
        await after();
        sinceMs = environment.clockMs();
      });
      await writeShard(db, spec, job.shard, rows, environment.nowMs());
      meter.store(job);
      meter.report();
    }
  } finally {
    for (const { dispose } of makers.values()) dispose();
  }
  for (const [cache, { spec }] of jobs.entries()) {
    const imagesPerSecond = meter.rateOf(cache);
    if (imagesPerSecond === undefined) continue;
    await putCacheRate(db, spec, dataset.resolution, { adapter, imagesPerSecond });
  }
}
