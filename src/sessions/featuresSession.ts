import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { ImageDataset } from "../data/dataset";
import { loadEmoji } from "../data/emoji";
import { encoderRow } from "../encoders/catalogue";
import { builtInSources } from "../encoders/builtInSources";
import { autoencoderFacts, loadAutoencoder } from "../encoders/loadAutoencoder";
import { loadEncoder } from "../encoders/loadEncoder";
import { StudioError } from "../errors/studioError";
import { currentStudioBackend } from "../kernels/studioBackend";
import { float32ToHalf } from "../math/half";
import type { CacheBill, CacheEvent, CacheRequest, FeaturesApi } from "../protocol/features";
import {
  readShard,
  shardRanges,
  writeShard,
  type CacheSpec,
  type ShardRange,
} from "../storage/caches";
import type { Database } from "../storage/db";
import { assertRoomFor } from "../storage/quota";
import { featuresSpec, latentsSpec } from "./cacheSpecs";
import { survivingLoss } from "./deviceRecovery";
import type { SessionEnvironment } from "./environment";
import { imageTensor } from "./images";
import { outcomeOf } from "./outcome";

/** Images encoded at once: enough to fill a GPU with these networks, small enough to cancel quickly. */
const CHUNK = 32;
const HALF_BYTES = 2;

/** images [B, R, R, 3] in [-1, 1] -> cache rows [B, rowLength]. */
type RowsOf = (images: Tensor4D) => tf.Tensor;

/** A network that fills one cache, with its weights on the device. */
interface RowMaker {
  readonly rowsOf: RowsOf;
  readonly dispose: () => void;
}

/** A cache a run needs, and how to load what fills it. */
interface CacheJob {
  readonly spec: CacheSpec;
  readonly load: () => Promise<RowMaker>;
}

/** The caches of a request, by facts alone: nothing is loaded before it is needed. */
function cacheJobs(
  environment: SessionEnvironment,
  dataset: ImageDataset,
  { autoencoder: { id }, encoders, grid }: CacheRequest,
): CacheJob[] {
  const { readModelFile } = environment;
  const latents: CacheJob = {
    spec: latentsSpec(dataset, autoencoderFacts(id, dataset.resolution)),
    load: async () => {
      const { encodeMoments, dispose } = await loadAutoencoder(
        id,
        dataset.resolution,
        builtInSources(readModelFile),
      );
      const rowsOf = (images: Tensor4D) => {
        const { mean, std } = encodeMoments(images);
        const flat = (x: Tensor4D) => tf.reshape(x, [images.shape[0], -1]);
        return tf.concat([flat(mean), flat(std)], 1);
      };
      return { rowsOf, dispose };
    },
  };
  const features = encoders.map((encoder): CacheJob => ({
    spec: featuresSpec(dataset, encoderRow(encoder), grid),
    load: async () => {
      const { encode, dispose } = await loadEncoder(encoder, readModelFile);
      return { rowsOf: (images) => encode(images, grid), dispose };
    },
  }));
  return [latents, ...features];
}

/** Float16 rows of some images, computed in chunks; `between` runs after each and may throw to cancel. */
async function computeRows(
  dataset: ImageDataset,
  rowLength: number,
  rowsOf: RowsOf,
  { first, last }: { first: number; last: number },
  between: (count: number) => Promise<void>,
): Promise<Uint16Array> {
  const out = new Uint16Array((last - first) * rowLength);
  for (let row = first; row < last; row += CHUNK) {
    const end = Math.min(row + CHUNK, last);
    const rgb = dataset.readRgb(Uint32Array.from({ length: end - row }, (_, i) => row + i));
    const rows = tf.tidy(() => rowsOf(imageTensor(rgb, dataset.resolution)));
    const values = await rows.data<"float32">();
    rows.dispose();
    out.set(float32ToHalf(values), (row - first) * rowLength);
    await between(end - row);
  }
  return out;
}

type OnEvent = (event: CacheEvent) => void;

/** The features worker: fills the caches a run needs, shard by shard. */
export function createFeaturesSession(environment: SessionEnvironment): FeaturesApi {
  let cancelled = false;
  let deviceFailure: StudioError | undefined;

  const assertGoingOn = () => {
    if (deviceFailure) throw deviceFailure;
    if (!cancelled) return;
    throw new StudioError(
      "CANCELLED",
      "Caching was cancelled.",
      "Press Train to go on: what is cached is kept.",
    );
  };

  /** The shards of a cache that are not there or not sound; a damaged one is reported. */
  async function absentShards(db: Database, spec: CacheSpec, total: number, onEvent: OnEvent) {
    const absent: ShardRange[] = [];
    for (const range of shardRanges(spec, total)) {
      const found = await readShard(db, spec, range);
      if (found === "damaged") {
        onEvent({ type: "repaired", label: spec.label, shard: range.shard });
      }
      if (typeof found === "string") absent.push(range);
    }
    return absent;
  }

  /** Computes and writes some shards of one cache. */
  async function fill(
    db: Database,
    dataset: ImageDataset,
    { spec, load }: CacheJob,
    absent: readonly ShardRange[],
    onEvent: OnEvent,
  ) {
    const total = dataset.size;
    const missing = absent.reduce((sum, { first, last }) => sum + last - first, 0);
    const { rowsOf, dispose } = await load();
    const startedMs = environment.clockMs();
    let computed = 0;
    const report = async (count: number) => {
      computed += count;
      const seconds = (environment.clockMs() - startedMs) / 1000;
      const imagesPerSecond = seconds > 0 ? computed / seconds : 0;
      const done = total - missing + computed;
      onEvent({ type: "progress", label: spec.label, done, total, imagesPerSecond });
      await environment.turn();
      assertGoingOn();
    };
    try {
      await report(0);
      for (const range of absent) {
        const rows = await computeRows(dataset, spec.rowLength, rowsOf, range, report);
        await writeShard(db, spec, range.shard, rows, environment.nowMs());
      }
    } finally {
      dispose();
    }
  }

  /** Opens the database and the data set for a call, and closes what must be closed. */
  async function withCaches<T>(
    request: CacheRequest,
    work: (db: Database, dataset: ImageDataset, jobs: readonly CacheJob[]) => Promise<T>,
  ): Promise<T> {
    const db = await environment.openDatabase();
    try {
      const dataset = await loadEmoji(environment.readDataFile, request.data);
      return await work(db, dataset, cacheJobs(environment, dataset, request));
    } finally {
      db.close();
    }
  }

  /** Fills what is missing, on a device of its own. */
  const attempt = (
    request: CacheRequest,
    onEvent: OnEvent,
    onFault: (fault: StudioError) => void,
  ): Promise<null> =>
    withCaches(request, async (db, dataset, jobs) => {
      const plans = [];
      for (const job of jobs) {
        plans.push({ job, absent: await absentShards(db, job.spec, dataset.size, onEvent) });
      }
      const missing = plans.filter(({ absent }) => absent.length > 0);
      if (missing.length === 0) return null; // a resumed run needs no second device
      const { items } = await billOf(db, dataset, jobs);
      const bytes = items.reduce((sum, item) => sum + item.bytes - item.cachedBytes, 0);
      await assertRoomFor(bytes, "Caching latents and features");
      onEvent({ type: "device", device: await environment.startRuntime(request.backend, onFault) });
      for (const { job, absent } of missing) await fill(db, dataset, job, absent, onEvent);
      currentStudioBackend()?.trim(); // the memory is the trainer's now
      return null;
    });

  const cachedRows = (request: CacheRequest): Promise<number> =>
    withCaches(request, async (db, _, jobs) => {
      const known = await Promise.all(jobs.map(({ spec }) => db.get("caches", spec.cacheKey)));
      return known.reduce((sum, cache) => sum + (cache?.rows ?? 0), 0);
    });

  const prepare = (request: CacheRequest, onEvent: OnEvent): Promise<null> =>
    survivingLoss(environment, {
      attempt: (onFault) => attempt(request, onEvent, onFault),
      setFault: (fault) => (deviceFailure = fault),
      stored: () => cachedRows(request),
      onRestart: ({ code, message }) => {
        const hint = "Nothing to do: caching goes on by itself, on a new device, where it was.";
        onEvent({ type: "warning", failure: { code, message, hint } });
      },
    });

  return {
    bill: (request) => outcomeOf(() => withCaches(request, billOf)),
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

/** Bytes of the caches and how many are stored already (by record; shards are verified when they are used). */
async function billOf(
  db: Database,
  dataset: ImageDataset,
  jobs: readonly CacheJob[],
): Promise<CacheBill> {
  const images = dataset.size;
  const items = jobs.map(async ({ spec }) => {
    const known = await db.get("caches", spec.cacheKey);
    const rowBytes = spec.rowLength * HALF_BYTES;
    const cachedBytes = Math.min(known?.rows ?? 0, images) * rowBytes;
    return { label: spec.label, bytes: images * rowBytes, cachedBytes };
  });
  return { images, items: await Promise.all(items) };
}
