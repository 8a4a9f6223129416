import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";

/**
 * log of the variance of a step back, [B, H, W, C]: between the logs of the least and the largest one by the network's
 * `variance`, -1 for the least and 1 for the largest, without limits.
 * @source Nichol and Dhariwal (arXiv:2102.09672) Eq. 15
 */
export function learnedLogVariance<Limit extends number | Tensor4D>(
  variance: Tensor4D,
  least: Limit,
  largest: Limit,
): Tensor4D {
  const share = tf.mul<Tensor4D>(tf.add(variance, 1), 0.5);
  return tf.add(tf.mul(share, largest), tf.mul(tf.sub<Tensor4D>(1, share), least));
}
