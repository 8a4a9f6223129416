import type { Rank, Tensor } from "@tensorflow/tfjs-core";
import { internalError } from "./internalError";

/** Whether a tensor has this rank. Ranks are tfjs' own names: "R0" to "R6". */
export const hasRank = <R extends Rank>(tensor: Tensor, rank: `${R}`): tensor is Tensor<R> =>
  `R${tensor.rank}` === rank;

const fault = (tensor: Tensor, expected: number | string) =>
  internalError(`A tensor has shape [${tensor.shape.join(", ")}] instead of rank ${expected}.`);

/**
 * The tensor, typed by its rank, where tfjs' declarations lose it (tf.stack, tf.oneHot).
 * @throws StudioError INTERNAL when it has another rank
 */
export function ofRank<R extends Rank>(tensor: Tensor, rank: `${R}`): Tensor<R> {
  if (hasRank(tensor, rank)) return tensor;
  throw fault(tensor, rank.slice(1));
}

const hasRankOf = <R extends Rank>(tensor: Tensor, like: Tensor<R>): tensor is Tensor<R> =>
  tensor.rank === like.rank;

/** `tensor`, typed by the rank of `like`. @throws StudioError INTERNAL when it has another rank */
export function withRankOf<R extends Rank>(tensor: Tensor, like: Tensor<R>): Tensor<R> {
  if (hasRankOf(tensor, like)) return tensor;
  throw fault(tensor, like.rank);
}
