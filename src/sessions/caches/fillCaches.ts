import * as tf from "@tensorflow/tfjs-core";
import type { ImageDataset } from "../../sources/data/dataset";
import { float32ToHalf } from "../../common/math/half";
import type { CacheEvent } from "../../common/protocol/features";
import { readShard, shardRanges, writeShard, type ShardRange } from "../../common/storage/caches";
import type { Database, ImageRange } from "../../common/storage/db";
import type { CacheJob } from "./cacheJobs";
import type { RowMaker } from "./rowMakers";
import { putCacheRate } from "./cacheRates";
import type { SessionEnvironment } from "../common/environment";
import { createFillMeter } from "./fillMeter";
import { BLOCK_IMAGES, blockRanks } from "./fillingBlocks";
import { fillingOrder, type ShardJob } from "./imageRanges";
import { imageTensor } from "../common/images";

/** The caches of a request, and those of their shards that are missing or damaged. */
export interface FillPlan {
  readonly jobs: readonly CacheJob[];
  /** In the order of filling. */
  readonly absent: readonly ShardJob[];
  /** The images that are asked for; absent, all. */
  readonly ranges?: readonly ImageRange[] | undefined;
}

/**
 * Awaited between pieces of work. Lets messages be handled, and throws when the work was cancelled or its device is
 * lost.
 */
type Between = () => Promise<void>;

interface PlanOptions {
  readonly onEvent: (event: CacheEvent) => void;
  readonly between: Between;
  /** Images that are asked for; absent, all. Shards without any of them are left alone. */
  readonly ranges?: readonly ImageRange[] | undefined;
}

/** Checks every shard of the caches; one that is damaged is reported and counts as absent. */
export async function planFilling(
  db: Database,
  jobs: readonly CacheJob[],
  images: number,
  { onEvent, between, ranges }: PlanOptions,
): Promise<FillPlan> {
  const asked = ({ first, last }: ShardRange) =>
    !ranges || ranges.some(([from, to]) => from < last && first < to);
  const sound = new Set<string>();
  for (const [cache, { spec }] of jobs.entries()) {
    for (const range of shardRanges(spec, images).filter(asked)) {
      const found = await readShard(db, spec, range);
      if (found === "damaged") {
        onEvent({ type: "repaired", label: spec.label, shard: range.shard });
      }
      if (typeof found !== "string") sound.add(`${cache}/${range.shard}`);
      await between();
    }
  }
  const specs = jobs.map(({ spec }) => spec);
  const absent = fillingOrder(specs, images, blockRanks(images), BLOCK_IMAGES).filter(
    (job) => asked(job) && !sound.has(`${job.cache}/${job.shard}`),
  );
  return { jobs, absent, ranges };
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
  const meter = createFillMeter(plan, dataset, environment.clockMs, onEvent);
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
