import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";

/** A vector a batch entry, [B, D], in the shape that broadcasts over tokens: [B, 1, D]. */
export const overTokens = (vector: Tensor2D): Tensor3D =>
  tf.reshape(vector, [vector.shape[0], 1, vector.shape[1]]);
