import type { ModelFamily } from "../../common/config/modelFamily";
import { DDPM_STEPS } from "../../common/math/ddpmSchedule";
import { sampleSteps } from "../../common/math/ddpmTime";
import { batchIndices } from "../../sources/data/batches";
import { halfToFloat32 } from "../../common/math/half";
import type { PathKind } from "../../common/math/interpolant";
import { randomNormal, randomUniform } from "../../common/math/rng";
import { sampleTimes, type TimeLaw } from "../../common/math/timeSampling";

/** Cached rows by image number; float16 as stored. */
export interface CachedRows {
  readonly values: Uint16Array;
  readonly rowLength: number;
}

/** Rows by image number, in memory or in storage. */
export interface RowSource {
  readonly rowLength: number;
  /** Some rows as float32, one after the other, in the order asked for. */
  readonly gather: (rows: ArrayLike<number>) => Promise<Float32Array>;
  /** Loads rows that will be asked for next, as far as memory allows. */
  readonly prefetch: (rows: ArrayLike<number>) => Promise<void>;
}

export const rowsInMemory = (rows: CachedRows): RowSource => ({
  rowLength: rows.rowLength,
  gather: (wanted) => Promise.resolve(gatherRows(rows, wanted)),
  prefetch: () => Promise.resolve(),
});

export interface BatchSource {
  /** Rows are mean, then standard deviation, each of half a row's length; unscaled. */
  readonly latents: RowSource;
  /** Multiplies the sampled latent; the autoencoder's scaling factor. */
  readonly latentScale: number;
  /** Image numbers of the training set. */
  readonly trainImages: Uint32Array;
  /** Those a step draws from, where they are not the same at every step. A function of the step and the run's record. */
  readonly partAt?: (step: number) => BatchPart;
  /** Label by image number. */
  readonly labels: Int32Array;
  readonly nullLabel: number;
}

/** Images that batches are drawn from. */
export interface BatchPart {
  /** Image numbers. */
  readonly images: Uint32Array;
  /** The first step that draws from them: its batch begins a new pass. */
  readonly since: number;
}

export interface BatchSettings {
  readonly seed: number;
  readonly batchSize: number;
  readonly labelDrop: number;
  /** Default "sit". */
  readonly family?: ModelFamily;
  /** Of a SiT's times; a DiT's steps are uniform. */
  readonly timeLaw: TimeLaw;
  readonly path: PathKind;
}

/** A batch as plain numbers; a function of (seed, step), the record and the caches only. */
export interface BatchValues {
  /** Image numbers: the cache rows the target features are read from. */
  readonly images: Uint32Array;
  /** [B, H, W, C] flat: (mean + std n) times the scale. */
  readonly latents: Float32Array;
  readonly noise: Float32Array;
  /** A SiT's times in [0, 1], or a DiT's step numbers. */
  readonly t: Float32Array;
  readonly labels: Int32Array;
}

/** Some cached rows as float32, one after the other. */
export function gatherRows(
  { values, rowLength }: CachedRows,
  rows: ArrayLike<number>,
): Float32Array {
  const out = new Float32Array(rows.length * rowLength);
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] ?? 0) * rowLength;
    halfToFloat32(
      values.subarray(start, start + rowLength),
      out.subarray(i * rowLength, (i + 1) * rowLength),
    );
  }
  return out;
}

/**
 * Latents drawn from moments: (mean + std n) scale, [rows, rowLength / 2] flat.
 * The posterior is sampled anew each time a row is used. @source sihyun-yu/REPA train.py sample_posterior
 * @param moments gathered rows [rows, rowLength] of means, then standard deviations
 */
export function sampleLatents(
  moments: Float32Array,
  rowLength: number,
  normals: Float32Array,
  scale: number,
): Float32Array {
  const half = rowLength / 2;
  const out = new Float32Array(moments.length / 2);
  for (let i = 0; i < out.length; i++) {
    const at = Math.floor(i / half) * rowLength + (i % half);
    out[i] = ((moments[at] ?? 0) + (moments[at + half] ?? 0) * (normals[i] ?? 0)) * scale;
  }
  return out;
}

/** Image numbers of the batch of update `step` (from 1). */
export function batchImages(
  { trainImages, partAt }: Pick<BatchSource, "trainImages" | "partAt">,
  { seed, batchSize }: Pick<BatchSettings, "seed" | "batchSize">,
  step: number,
): Uint32Array {
  const { images, since } = partAt?.(step) ?? { images: trainImages, since: 1 };
  const request = { seed, step: step - since, batchSize, count: images.length };
  return batchIndices(request).map((position) => images[position] ?? 0);
}

/** The batch of update `step` (from 1). Every random number has its own stream, indexed by the step. */
export async function makeBatch(
  source: BatchSource,
  settings: BatchSettings,
  step: number,
): Promise<BatchValues> {
  const { seed, batchSize, labelDrop, family, timeLaw, path } = settings;
  const { rowLength } = source.latents;
  const key = (stream: string) => ({ seed, stream: `train/${stream}`, index: step });
  const images = batchImages(source, settings, step);
  const count = (batchSize * rowLength) / 2;
  const moments = await source.latents.gather(images);
  const posterior = randomNormal(key("posterior"), count);
  const dropped = randomUniform(key("labelDrop"), batchSize);
  return {
    images,
    latents: sampleLatents(moments, rowLength, posterior, source.latentScale),
    noise: randomNormal(key("noise"), count),
    t:
      family === "dit"
        ? sampleSteps(key("ddpmStep"), batchSize, DDPM_STEPS)
        : sampleTimes(key("time"), batchSize, timeLaw, path),
    labels: Int32Array.from(images, (image, i) =>
      (dropped[i] ?? 1) < labelDrop ? source.nullLabel : (source.labels[image] ?? source.nullLabel),
    ),
  };
}
