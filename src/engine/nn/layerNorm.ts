import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { LayerNormAffine } from "../kernels/layerNormAffineOp";
import {
  LayerNormModulate,
  LayerNormModulateGradMod,
  LayerNormModulateGradX,
} from "../kernels/layerNormModulateOp";
import { run } from "../kernels/operation";
import { vector, type ParamMap } from "./params";
import { taped } from "./taped";

/**
 * adaLN: LayerNorm without affine parameters (eps 1e-6 in SiT), then x (1 + scale) + shift.
 * x [B, T, D], shift and scale [B, D] -> [B, T, D]. @source SiT models.py modulate(norm(x), shift, scale)
 */
export function layerNormModulate(
  x: Tensor3D,
  shift: Tensor2D,
  scale: Tensor2D,
  eps = 1e-6,
): Tensor3D {
  const [y] = taped(
    [x, shift, scale],
    (save) => {
      const [result, stats] = run(LayerNormModulate, { x, shift, scale }, { eps }) as [
        Tensor3D,
        Tensor3D,
      ];
      save([x, stats, scale]);
      return [result];
    },
    ([dy], saved) => {
      const [savedX, stats, savedScale] = saved as [Tensor3D, Tensor3D, Tensor2D];
      const operands = { dy: dy as Tensor3D, x: savedX, stats };
      return [
        ...run(LayerNormModulateGradX, { ...operands, scale: savedScale }, {}),
        ...run(LayerNormModulateGradMod, operands, {}),
      ];
    },
  );
  return y as Tensor3D;
}

/** Rows with zero mean and unit (biased) variance, and 1 / std: [N, D] -> [N, D], [N, 1]. */
function normalised(rows: Tensor2D, eps: number): { normal: Tensor2D; rstd: Tensor2D } {
  const centred = tf.sub<Tensor2D>(rows, tf.mean(rows, 1, true));
  const rstd = tf.rsqrt<Tensor2D>(tf.add(tf.mean(tf.square(centred), 1, true), eps));
  return { normal: tf.mul(centred, rstd), rstd };
}

/**
 * LayerNorm with `${scope}.weight` and `${scope}.bias` [D] over the last axis, as in the frozen encoders.
 * Its gradient is plain tfjs: only the pretraining of the built-in encoder and qk-norm take it.
 */
export function layerNormAffine(params: ParamMap, scope: string, x: Tensor, eps = 1e-6): Tensor {
  const weight = vector(params, `${scope}.weight`);
  const bias = vector(params, `${scope}.bias`);
  const rows: Tensor2D = tf.reshape(x, [-1, weight.shape[0]]);
  const [y] = taped(
    [rows, weight, bias],
    (save) => {
      save([rows, weight]);
      return run(LayerNormAffine, { x: rows, weight, bias }, { eps });
    },
    ([dy], saved) => {
      const [savedRows, savedWeight] = saved as [Tensor2D, Tensor1D];
      const { normal, rstd } = normalised(savedRows, eps);
      const dNormal = tf.mul(dy as Tensor2D, savedWeight);
      const along = tf.mean(tf.mul(dNormal, normal), 1, true);
      const centred = tf.sub(dNormal, tf.mean(dNormal, 1, true));
      return [
        tf.mul(rstd, tf.sub(centred, tf.mul(normal, along))),
        tf.sum(tf.mul(dy as Tensor2D, normal), 0),
        tf.sum(dy as Tensor2D, 0),
      ];
    },
  );
  return tf.reshape(y as Tensor2D, x.shape);
}
