import * as tf from "@tensorflow/tfjs-core";
import type { Rank, Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { LayerNormAffine } from "../kernels/layerNormAffineOp";
import {
  LayerNormModulate,
  LayerNormModulateGradMod,
  LayerNormModulateGradX,
} from "../kernels/layerNormModulateOp";
import { run } from "../kernels/operation";
import { customOp } from "./customOp";
import { vector, type ParamMap } from "./params";

/**
 * adaLN: LayerNorm without affine parameters (eps 1e-6 in SiT), then x (1 + scale) + shift.
 * x [B, T, D], shift and scale [B, D] -> [B, T, D]. @source SiT models.py modulate(norm(x), shift, scale)
 */
export const layerNormModulate = (
  x: Tensor3D,
  shift: Tensor2D,
  scale: Tensor2D,
  eps = 1e-6,
): Tensor3D =>
  customOp({
    inputs: { x, shift, scale },
    forward: ({ x, shift, scale }) => {
      const { y, stats } = run(LayerNormModulate, { x, shift, scale }, { eps });
      return { value: y, saved: { x, stats, scale } };
    },
    backward: (dy, { x, stats, scale }) => {
      const { dx } = run(LayerNormModulateGradX, { dy, x, stats, scale }, {});
      const { dShift, dScale } = run(LayerNormModulateGradMod, { dy, x, stats }, {});
      return { x: dx, shift: dShift, scale: dScale };
    },
  });

/** Rows with zero mean and unit (biased) variance, and 1 / std: [N, D] -> [N, D], [N, 1]. */
function normalizedRows(rows: Tensor2D, eps: number): { normal: Tensor2D; rstd: Tensor2D } {
  const centred = tf.sub<Tensor2D>(rows, tf.mean(rows, 1, true));
  const rstd = tf.rsqrt<Tensor2D>(tf.add(tf.mean(tf.square(centred), 1, true), eps));
  return { normal: tf.mul(centred, rstd), rstd };
}

/**
 * LayerNorm with `${scope}.weight` and `${scope}.bias` [D] over the last axis, as in the frozen encoders.
 * Its gradient is plain tfjs: only the pretraining of the built-in encoder uses it.
 */
export function layerNormAffine<R extends Rank>(
  params: ParamMap,
  scope: string,
  x: Tensor<R>,
  eps = 1e-6,
): Tensor<R> {
  const weight = vector(params, `${scope}.weight`);
  const bias = vector(params, `${scope}.bias`);
  const rows: Tensor2D = tf.reshape(x, [-1, weight.shape[0]]);
  const y = customOp({
    inputs: { x: rows, weight, bias },
    forward: (given) => ({
      value: run(LayerNormAffine, given, { eps }).y,
      saved: { x: given.x, weight: given.weight },
    }),
    backward: (dy, saved) => {
      const { normal, rstd } = normalizedRows(saved.x, eps);
      const dNormal = tf.mul(dy, saved.weight);
      const along = tf.mean(tf.mul(dNormal, normal), 1, true);
      const centred = tf.sub(dNormal, tf.mean(dNormal, 1, true));
      return {
        x: tf.mul(rstd, tf.sub(centred, tf.mul(normal, along))),
        weight: tf.sum(tf.mul(dy, normal), 0),
        bias: tf.sum(dy, 0),
      };
    },
  });
  return tf.reshape(y, x.shape);
}
