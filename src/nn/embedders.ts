import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { linearChain } from "./linear";
import { matrix, type ParamMap } from "./params";

const MAX_PERIOD = 10000;

/**
 * Sinusoidal features of t [B] -> [B, size]: cosines first, then sines (positions have it the other way).
 * Times enter as they are, in [0, 1]. Computed on the CPU: WGSL promises only 2^-11 for sine and cosine.
 * @source sihyun-yu/REPA models/sit.py TimestepEmbedder.timestep_embedding
 */
export function timeFeatures(t: Float32Array, size = 256): Tensor2D {
  const half = size / 2;
  const features = new Float32Array(t.length * size);
  t.forEach((time, row) => {
    for (let k = 0; k < half; k++) {
      const frequency = Math.fround(Math.exp((-Math.log(MAX_PERIOD) * k) / half));
      const angle = Math.fround(time * frequency); // float32 as in the reference
      features[row * size + k] = Math.cos(angle);
      features[row * size + half + k] = Math.sin(angle);
    }
  });
  return tf.tensor2d(features, [t.length, size]);
}

/** t [B] -> [B, D] through `t_embedder.mlp.0`, SiLU, `.2`; the feature count is the first weight's width. */
export function embedTime(params: ParamMap, t: Float32Array): Tensor2D {
  const features = timeFeatures(t, matrix(params, "t_embedder.mlp.0.weight").shape[1]);
  const options = { activation: "silu", constantInput: true } as const;
  const scopes = ["t_embedder.mlp.0", "t_embedder.mlp.2"];
  return linearChain(params, scopes, features, options) as Tensor2D;
}

/**
 * Label rows of `y_embedder.embedding_table.weight` [classes + 1, D]: y [B] int32 -> [B, D].
 * The null class is the last row. A product with one-hot rows: gather has no gradient on every backend.
 */
export function embedLabel(params: ParamMap, y: Tensor1D): Tensor2D {
  const table = matrix(params, "y_embedder.embedding_table.weight");
  const oneHot = tf.cast(tf.oneHot(y, table.shape[0]), "float32") as Tensor2D;
  const op = tf.customGrad((rows, save) => {
    // saved, not captured: what the tape does not hold is disposed before the way back
    (save as tf.GradSaveFunc)([oneHot]);
    return {
      value: tf.matMul(oneHot, rows as Tensor2D),
      gradFunc: (dy, saved) => tf.matMul(saved[0] as Tensor2D, dy, true, false),
    };
  });
  return op(table) as Tensor2D;
}
