import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { LabelEmbed, LabelEmbedGrad } from "../kernels/labelEmbedOp";
import { run } from "../kernels/operation";
import { customOp } from "./customOp";
import { linearChain } from "./linear";
import { matrix, type ParamMap } from "./params";

const MAX_PERIOD = 10000;

/**
 * Sinusoidal features of t [B], flat [B, size]: cosines first, then sines (in position tables, sines come first).
 * Times enter as they are, in [0, 1]. Computed on the CPU: WGSL promises only 2^-11 for sine and cosine.
 * @source sihyun-yu/REPA models/sit.py TimestepEmbedder.timestep_embedding
 */
export function timeFeatureValues(t: Float32Array, size: number): Float32Array {
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
  return features;
}

/** `timeFeatureValues` as a tensor [B, size]. */
export const timeFeatures = (t: Float32Array, size = 256): Tensor2D =>
  tf.tensor2d(timeFeatureValues(t, size), [t.length, size]);

/** Times [B], or their features [B, size] where they are on the device already. */
export type Times = Float32Array | Tensor2D;

/** t [B] -> [B, D] through `t_embedder.mlp.0`, SiLU, `.2`; the feature count is the first weight's width. */
export function embedTime(params: ParamMap, t: Times): Tensor2D {
  const size = matrix(params, "t_embedder.mlp.0.weight").shape[1];
  const features = t instanceof Float32Array ? timeFeatures(t, size) : t;
  const options = { activation: "silu", constantInput: true } as const;
  const scopes = ["t_embedder.mlp.0", "t_embedder.mlp.2"];
  return linearChain(params, scopes, features, options);
}

/**
 * Label rows of `y_embedder.embedding_table.weight` [classes + 1, D]: y [B] int32 -> [B, D].
 * The null class is the last row.
 */
export function embedLabel(params: ParamMap, y: Tensor1D): Tensor2D {
  const table = matrix(params, "y_embedder.embedding_table.weight");
  return customOp({
    inputs: { table },
    constants: { labels: y },
    forward: (given) => ({ value: run(LabelEmbed, given, {}).rows, saved: given }),
    backward: (dy, saved) => ({ table: run(LabelEmbedGrad, { dy, ...saved }, {}).dTable }),
  });
}
