import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";

/** One number a sample, computed on the CPU in float64, as [B, 1, 1, 1]: broadcasts over H, W, C. */
export const perSample = (t: Float32Array, coefficient: (t: number) => number): Tensor4D =>
  tf.tensor4d(Float32Array.from(t, coefficient), [t.length, 1, 1, 1]);
