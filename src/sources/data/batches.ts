import { StudioError } from "../../common/errors/studioError";
import { randomPermutation } from "../../common/math/rng";

export interface BatchRequest {
  readonly seed: number;
  /** Counted from 0. */
  readonly step: number;
  readonly batchSize: number;
  /** Images on the training side. */
  readonly count: number;
}

/**
 * Positions in the training set, [batchSize], of the batch of `step`: a pure function, so a resumed run
 * needs only its step. Batches cut one endless sequence of epochs, each a fresh permutation in which every
 * image occurs once; a batch may straddle epochs (the reference drops the last short batch instead).
 *
 * @throws StudioError OUT_OF_RANGE when there is nothing to draw from
 */
export function batchIndices({ seed, step, batchSize, count }: BatchRequest): Uint32Array {
  if (!(count >= 1 && batchSize >= 1 && step >= 0)) {
    throw new StudioError(
      "OUT_OF_RANGE",
      `No batch of ${batchSize} images at step ${step} from ${count} training images.`,
      "Lower the held-out fraction or raise the image limit.",
    );
  }
  const batch = new Uint32Array(batchSize);
  let filled = 0;
  while (filled < batchSize) {
    const drawn = step * batchSize + filled;
    const start = drawn % count;
    const epoch = (drawn - start) / count;
    const order = randomPermutation({ seed, stream: "batches", index: epoch }, count);
    const part = order.subarray(start, start + batchSize - filled);
    batch.set(part, filled);
    filled += part.length;
  }
  return batch;
}
