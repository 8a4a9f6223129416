import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { vector, type ParamMap } from "./params";

/** Rows to zero mean and unit (biased) variance: [N, D] -> [N, D], one taped operation. */
const normalizeRows = (rows: Tensor2D, eps: number): Tensor2D => {
  const op = tf.customGrad((input, save) => {
    const x = input as Tensor2D;
    const centred = tf.sub(x, tf.mean(x, 1, true));
    const inverseStd = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), eps));
    const normal = tf.mul(centred, inverseStd);
    (save as tf.GradSaveFunc)([normal, inverseStd]);
    return {
      value: normal,
      gradFunc: (dy, saved) => {
        const [y, scale] = saved as [Tensor2D, Tensor2D];
        const meanDy = tf.mean(dy, 1, true);
        const meanDyY = tf.mean(tf.mul(dy, y), 1, true);
        return tf.mul(scale, tf.sub(tf.sub(dy, meanDy), tf.mul(y, meanDyY)));
      },
    };
  });
  return op(rows) as Tensor2D;
};

/** LayerNorm without affine parameters over the last axis, as SiT's norms (eps 1e-6). */
export function layerNorm<T extends Tensor>(x: T, eps = 1e-6): T {
  const width = x.shape.at(-1) ?? 1;
  return tf.reshape(normalizeRows(tf.reshape(x, [-1, width]), eps), x.shape) as T;
}

/** LayerNorm with `${scope}.weight` and `${scope}.bias` [D], as in the frozen encoders. */
export const layerNormAffine = (params: ParamMap, scope: string, x: Tensor, eps = 1e-6): Tensor =>
  tf.add(
    tf.mul(layerNorm(x, eps), vector(params, `${scope}.weight`)),
    vector(params, `${scope}.bias`),
  );

/** adaLN: x (1 + scale) + shift with x [B, T, D] and scale, shift [B, 1, D]. */
export const modulate = (x: Tensor, shift: Tensor, scale: Tensor): Tensor =>
  tf.add(tf.mul(x, tf.add(scale, 1)), shift);
