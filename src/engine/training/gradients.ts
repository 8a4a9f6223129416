import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";
import { run } from "../kernels/operation";
import { GlobalNorm, sumOf } from "../kernels/updateOps";
import type { ParamMap } from "../nn/params";

/** a · b of two tensors of one shape, a scalar on the device. */
export const dotProduct = (a: Tensor, b: Tensor): Scalar => tf.tidy(() => sumOf(tf.mul(a, b)));

/** l2 norm over all gradients together, a scalar on the device. */
export const globalNorm = (gradients: ParamMap): Scalar =>
  tf.tidy(() => run(GlobalNorm, gradients, {}).norm);

/**
 * min(1, maxNorm / (norm + 1e-6)): what clipping multiplies every gradient by. Nothing is read back.
 * @source torch.nn.utils.clip_grad_norm_
 */
export const clipCoefficient = (norm: Scalar, maxNorm: number): Scalar =>
  tf.tidy(() => tf.minimum(tf.div(tf.scalar(maxNorm), tf.add(norm, 1e-6)), 1));
