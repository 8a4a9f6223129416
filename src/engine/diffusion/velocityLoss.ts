import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import { run } from "../kernels/operation";
import { VelocityLoss, VelocityLossGrad } from "../kernels/velocityLossOp";
import { taped } from "../nn/taped";

/** Mean over everything of (v - v*)²: the training loss, one taped operation. */
export function velocityLoss(velocity: Tensor4D, target: Tensor4D): Scalar {
  const [loss] = taped(
    [velocity],
    (save) => {
      save([velocity, target]);
      return run(VelocityLoss, { velocity, target }, {});
    },
    ([dy], saved) => {
      const [v, vStar] = saved as [Tensor, Tensor];
      return run(VelocityLossGrad, { dLoss: dy as Scalar, velocity: v, target: vStar }, {});
    },
  );
  return loss as Scalar;
}

/**
 * Mean over H, W, C of (v - v*)², a sample: [B]. `velocityLoss` is its batch mean.
 * @source sihyun-yu/REPA loss.py, denoising_loss
 */
export function velocityLossPerSample(velocity: Tensor4D, target: Tensor4D): Tensor1D {
  const [batch] = velocity.shape;
  const error = tf.reshape(tf.sub(velocity, target), [batch, -1]); // [B, H W C]
  return tf.mean(tf.square(error), 1);
}
