import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import { run } from "../kernels/operation";
import { VelocityLoss, VelocityLossGrad } from "../kernels/velocityLossOp";
import { customOp } from "../nn/customOp";

/** Mean over everything of (v - v*)²: the training loss, one operation. The target gets no gradient. */
export const velocityLoss = (velocity: Tensor4D, target: Tensor4D): Scalar =>
  customOp({
    inputs: { velocity },
    constants: { target },
    forward: (given) => ({ value: run(VelocityLoss, given, {}).loss, saved: given }),
    backward: (dLoss, saved) => ({
      velocity: run(VelocityLossGrad, { dLoss, ...saved }, {}).dVelocity,
    }),
  });

/**
 * Mean over H, W, C of (v - v*)², a sample: [B]. `velocityLoss` is its batch mean.
 * @source sihyun-yu/REPA loss.py, denoising_loss
 */
export function velocityLossPerSample(velocity: Tensor4D, target: Tensor4D): Tensor1D {
  const [batch] = velocity.shape;
  const error = tf.reshape(tf.sub(velocity, target), [batch, -1]); // [B, H W C]
  return tf.mean(tf.square(error), 1);
}
