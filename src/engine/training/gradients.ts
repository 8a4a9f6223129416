import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";
import type { ParamMap } from "../nn/params";

/** Row sums first: one long float32 sum would lose digits. */
function sumOf(x: Tensor): Scalar {
  const width = x.shape.at(-1) ?? 1;
  return tf.sum(tf.sum(tf.reshape(x, [-1, width]), 1));
}

/** In a scope of its own: the squares of all gradients together are as large as the gradients. */
const sumOfSquares = (x: Tensor): Scalar => tf.tidy(() => sumOf(tf.square(x)));

/** a · b of two tensors of one shape, a scalar on the device. */
export const dotProduct = (a: Tensor, b: Tensor): Scalar => tf.tidy(() => sumOf(tf.mul(a, b)));

/** l2 norm over all gradients together, a scalar on the device. */
export const globalNorm = (gradients: ParamMap): Scalar =>
  tf.tidy(() => tf.sqrt(tf.sum(tf.stack(Object.values(gradients).map(sumOfSquares)))));

/**
 * min(1, maxNorm / (norm + 1e-6)): what clipping multiplies every gradient by. Nothing is read back.
 * @source torch.nn.utils.clip_grad_norm_
 */
export const clipCoefficient = (norm: Scalar, maxNorm: number): Scalar =>
  tf.tidy(() => tf.minimum(tf.div(tf.scalar(maxNorm), tf.add(norm, 1e-6)), 1));
