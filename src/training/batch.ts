import { batchIndices } from "../data/batches";
import { halfToFloat32 } from "../math/half";
import type { PathKind } from "../math/interpolant";
import { randomNormal, randomUniform } from "../math/rng";
import { sampleTimes, type TimeLaw } from "../math/timeSampling";

/** Cached rows by image number; float16 as stored. */
export interface CachedRows {
  readonly values: Uint16Array;
  readonly rowLength: number;
}

export interface BatchSource {
  /** Rows are mean, then standard deviation, each of half a row's length; unscaled. */
  readonly latents: CachedRows;
  /** Multiplies the sampled latent; the autoencoder's scaling factor. */
  readonly latentScale: number;
  /** Image numbers of the training side. */
  readonly trainImages: Uint32Array;
  /** Label by image number. */
  readonly labels: Int32Array;
  readonly nullLabel: number;
}

export interface BatchSettings {
  readonly seed: number;
  readonly batchSize: number;
  readonly labelDrop: number;
  readonly timeLaw: TimeLaw;
  readonly path: PathKind;
}

/** A batch as plain numbers; a function of (seed, step) and the caches alone. */
export interface BatchValues {
  /** Image numbers: the cache rows the target features are read from. */
  readonly images: Uint32Array;
  /** [B, H, W, C] flat: (mean + std n) times the scale. */
  readonly latents: Float32Array;
  readonly noise: Float32Array;
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
 * Latents drawn from cached moments: (mean + std n) scale, [rows.length, rowLength / 2] flat.
 * The posterior is sampled anew each time a row is used. @source sihyun-yu/REPA train.py sample_posterior
 */
export function sampleLatents(
  moments: CachedRows,
  rows: ArrayLike<number>,
  normals: Float32Array,
  scale: number,
): Float32Array {
  const half = moments.rowLength / 2;
  const gathered = gatherRows(moments, rows);
  const out = new Float32Array(rows.length * half);
  for (let i = 0; i < out.length; i++) {
    const at = Math.floor(i / half) * moments.rowLength + (i % half);
    out[i] = ((gathered[at] ?? 0) + (gathered[at + half] ?? 0) * (normals[i] ?? 0)) * scale;
  }
  return out;
}

/** The batch of update `step` (from 1). Every random number has its own stream, indexed by the step. */
export function makeBatch(source: BatchSource, settings: BatchSettings, step: number): BatchValues {
  const { seed, batchSize, labelDrop, timeLaw, path } = settings;
  const key = (stream: string) => ({ seed, stream: `train/${stream}`, index: step });
  const positions = batchIndices({
    seed,
    step: step - 1,
    batchSize,
    count: source.trainImages.length,
  });
  const images = positions.map((position) => source.trainImages[position] ?? 0);
  const count = (batchSize * source.latents.rowLength) / 2;
  const posterior = randomNormal(key("posterior"), count);
  const dropped = randomUniform(key("labelDrop"), batchSize);
  return {
    images,
    latents: sampleLatents(source.latents, images, posterior, source.latentScale),
    noise: randomNormal(key("noise"), count),
    t: sampleTimes(key("time"), batchSize, timeLaw, path),
    labels: Int32Array.from(images, (image, i) =>
      (dropped[i] ?? 1) < labelDrop ? source.nullLabel : (source.labels[image] ?? source.nullLabel),
    ),
  };
}
