import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";

/**
 * Mean over H, W, C of (v - v*)², a sample: [B]. The training loss is its batch mean.
 * @source sihyun-yu/REPA loss.py, denoising_loss
 */
export function velocityLossPerSample(velocity: Tensor4D, target: Tensor4D): Tensor1D {
  const [batch] = velocity.shape;
  const error = tf.reshape(tf.sub(velocity, target), [batch, -1]); // [B, H W C]
  return tf.mean(tf.square(error), 1);
}
