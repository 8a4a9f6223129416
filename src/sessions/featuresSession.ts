import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { ImageDataset } from "../data/dataset";
import { loadEmoji } from "../data/emoji";
import { loadAutoencoder } from "../encoders/loadAutoencoder";
import { loadEncoder } from "../encoders/loadEncoder";
import { StudioError } from "../errors/studioError";
import { float32ToHalf } from "../math/half";
import type { CacheBill, CacheEvent, CacheRequest, FeaturesApi } from "../protocol/features";
import { readShard, shardRanges, writeShard, type CacheSpec } from "../storage/caches";
import type { Database } from "../storage/db";
import { assertRoomFor } from "../storage/quota";
import { featuresSpec, latentsSpec } from "./cacheSpecs";
import type { SessionEnvironment } from "./environment";
import { imageTensor } from "./images";
import { outcomeOf } from "./outcome";

/** Images encoded at once: enough to fill a GPU with these networks, small enough to cancel quickly. */
const CHUNK = 32;
const HALF_BYTES = 2;

/** One cache to fill: where it goes and the network that makes a row from an image. */
interface CacheJob {
  readonly spec: CacheSpec;
  /** images [B, R, R, 3] in [-1, 1] -> rows [B, rowLength]. */
  readonly rowsOf: (images: Tensor4D) => tf.Tensor;
}

interface Prepared {
  readonly dataset: ImageDataset;
  readonly jobs: readonly CacheJob[];
  readonly dispose: () => void;
}

async function prepareJobs(
  environment: SessionEnvironment,
  request: CacheRequest,
): Promise<Prepared> {
  const dataset = await loadEmoji(environment.readDataFile, request.data);
  const autoencoder = await loadAutoencoder(request.autoencoder.id, environment.readModelFile);
  const encoders = await Promise.all(
    request.encoders.map((id) => loadEncoder(id, environment.readModelFile)),
  );
  const latents: CacheJob = {
    spec: latentsSpec(dataset, autoencoder),
    rowsOf: (images) => {
      const { mean, std } = autoencoder.encodeMoments(images);
      const batch = images.shape[0];
      return tf.concat([tf.reshape(mean, [batch, -1]), tf.reshape(std, [batch, -1])], 1);
    },
  };
  const features = encoders.map((encoder): CacheJob => ({
    spec: featuresSpec(dataset, encoder, request.grid),
    rowsOf: (images) => encoder.encode(images, request.grid),
  }));
  return {
    dataset,
    jobs: [latents, ...features],
    dispose: () => [autoencoder, ...encoders].forEach((network) => network.dispose()),
  };
}

/** Float16 rows of some images, computed in chunks; `between` runs after each and may throw to cancel. */
async function computeRows(
  { dataset }: Prepared,
  { spec, rowsOf }: CacheJob,
  { first, last }: { first: number; last: number },
  between: (done: number) => Promise<void>,
): Promise<Uint16Array> {
  const out = new Uint16Array((last - first) * spec.rowLength);
  for (let row = first; row < last; row += CHUNK) {
    const end = Math.min(row + CHUNK, last);
    const rgb = dataset.readRgb(Uint32Array.from({ length: end - row }, (_, i) => row + i));
    const rows = tf.tidy(() => rowsOf(imageTensor(rgb, dataset.resolution)));
    const values = await rows.data<"float32">();
    rows.dispose();
    out.set(float32ToHalf(values), (row - first) * spec.rowLength);
    await between(end);
  }
  return out;
}

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

  /** Fills one cache's missing shards. */
  async function fill(
    db: Database,
    prepared: Prepared,
    job: CacheJob,
    onEvent: (event: CacheEvent) => void,
  ) {
    const { spec } = job;
    const total = prepared.dataset.size;
    const startedMs = environment.clockMs();
    let computed = 0;
    for (const range of shardRanges(spec, total)) {
      assertGoingOn();
      const found = await readShard(db, spec, range);
      if (typeof found !== "string") continue;
      if (found === "damaged") onEvent({ type: "repaired", label: spec.label, shard: range.shard });
      let previous = range.first;
      const rows = await computeRows(prepared, job, range, async (done) => {
        computed += done - previous;
        previous = done;
        const seconds = (environment.clockMs() - startedMs) / 1000;
        const imagesPerSecond = seconds > 0 ? computed / seconds : 0;
        onEvent({ type: "progress", label: spec.label, done, total, imagesPerSecond });
        await environment.turn();
        assertGoingOn();
      });
      await writeShard(db, spec, range.shard, rows, environment.nowMs());
    }
  }

  /** Bytes of a cache and how many of them are stored already (by record; shards are verified when read). */
  async function billOf(db: Database, prepared: Prepared): Promise<CacheBill> {
    const images = prepared.dataset.size;
    const items = prepared.jobs.map(async ({ spec }) => {
      const known = await db.get("caches", spec.cacheKey);
      const rowBytes = spec.rowLength * HALF_BYTES;
      return {
        label: spec.label,
        bytes: images * rowBytes,
        cachedBytes: Math.min(known?.rows ?? 0, images) * rowBytes,
      };
    });
    return { images, items: await Promise.all(items) };
  }

  /** Opens what a call needs and closes it again, whatever happens. */
  async function withPrepared<T>(
    request: CacheRequest,
    onEvent: (event: CacheEvent) => void,
    work: (db: Database, prepared: Prepared) => Promise<T>,
  ): Promise<T> {
    cancelled = false;
    deviceFailure = undefined;
    const db = await environment.openDatabase();
    try {
      const device = await environment.startRuntime(
        request.backend,
        (failure) => (deviceFailure = failure),
      );
      onEvent({ type: "device", device });
      const prepared = await prepareJobs(environment, request);
      try {
        return await work(db, prepared);
      } finally {
        prepared.dispose();
      }
    } finally {
      db.close();
    }
  }

  return {
    bill: (request) => outcomeOf(() => withPrepared(request, () => undefined, billOf)),
    prepare: (request, onEvent) =>
      outcomeOf(() =>
        withPrepared(request, onEvent, async (db, prepared) => {
          const { items } = await billOf(db, prepared);
          const missing = items.reduce((sum, item) => sum + item.bytes - item.cachedBytes, 0);
          await assertRoomFor(missing, "Caching latents and features");
          for (const job of prepared.jobs) await fill(db, prepared, job, onEvent);
          return null;
        }),
      ),
    cancel: () => {
      cancelled = true;
      return Promise.resolve();
    },
  };
}
