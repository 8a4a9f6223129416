import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";

/** One batch; tensors stay the caller's. */
export interface TrainBatch {
  /** Clean latents [B, H, W, C], scaled. */
  readonly latents: Tensor4D;
  /** Standard normal noise of the same shape. */
  readonly noise: Tensor4D;
  /** Times [B]: a SiT's in [0, 1], a DiT's step numbers from 0 to 999. */
  readonly t: Float32Array;
  /** Labels [B], dropped ones already the null class. */
  readonly labels: Int32Array;
  /** Each active encoder's patch tokens [B, T, Z], in the order of `Alignment.projectors`. */
  readonly features: readonly Tensor3D[];
}

/**
 * Images `first` to `first + count - 1` of a batch, everything that belongs to them. The tensors are new and
 * the caller's; times and labels are views.
 */
export function sliceBatch(batch: TrainBatch, first: number, count: number): TrainBatch {
  const rows4d = (x: Tensor4D) => tf.slice(x, [first, 0, 0, 0], [count, -1, -1, -1]);
  return {
    latents: rows4d(batch.latents),
    noise: rows4d(batch.noise),
    t: batch.t.subarray(first, first + count),
    labels: batch.labels.subarray(first, first + count),
    features: batch.features.map((x) => tf.slice(x, [first, 0, 0], [count, -1, -1])),
  };
}

/**
 * How many micro-batches of `size` images a batch is.
 * @throws StudioError OUT_OF_RANGE when `size` does not divide the batch
 */
export function microBatchCount({ labels }: Pick<TrainBatch, "labels">, size: number): number {
  const count = labels.length / size;
  if (Number.isInteger(count)) return count;
  throw new StudioError(
    "OUT_OF_RANGE",
    `A batch of ${labels.length} does not divide into micro-batches of ${size}.`,
    "Choose a micro-batch that divides the batch size.",
  );
}

/**
 * A batch cut into micro-batches of `size` images, in order; joined again they are the batch. The tensors are
 * new and the caller's (`disposeBatch`).
 * @throws StudioError OUT_OF_RANGE when `size` does not divide the batch
 */
export const microBatches = (batch: TrainBatch, size: number): TrainBatch[] =>
  Array.from({ length: microBatchCount(batch, size) }, (_, i) => sliceBatch(batch, i * size, size));

/** Disposes a batch's tensors. */
export const disposeBatch = ({ latents, noise, features }: TrainBatch): void =>
  tf.dispose([latents, noise, ...features]);
