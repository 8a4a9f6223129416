import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { StudioError } from "../errors/studioError";
import { matrix, vector, type ParamMap } from "./params";

/** Columns summed: x [N, D] -> [D]. A product with ones: reducing the outer axis would transpose first. */
export const sumRows = (x: Tensor2D): Tensor1D =>
  tf.reshape(tf.matMul(tf.ones([1, x.shape[0]]), x), [x.shape[1]]);

/** rows [N, in] times weight [out, in] transposed, plus bias: one taped operation instead of four. */
const linearRows = (rows: Tensor2D, weight: Tensor2D, bias: Tensor1D): Tensor2D => {
  const op = tf.customGrad((x, w, b, save) => {
    (save as tf.GradSaveFunc)([x as Tensor, w as Tensor]);
    return {
      value: tf.add(tf.matMul(x as Tensor2D, w as Tensor2D, false, true), b as Tensor1D),
      gradFunc: (dy, saved) => {
        const [savedX, savedW] = saved as [Tensor2D, Tensor2D];
        const dRows = dy as Tensor2D;
        return [tf.matMul(dRows, savedW), tf.matMul(dRows, savedX, true, false), sumRows(dRows)];
      },
    };
  });
  return op(rows, weight, bias) as Tensor2D;
};

/**
 * y = x Wᵀ + b over the last axis: x [..., in] -> [..., out].
 * Reads `${scope}.weight` [out, in] (the reference's shape) and `${scope}.bias` [out].
 * @throws StudioError PARAM_MISSING, or SHAPE_MISMATCH when the width of x is not the weight's
 */
export function linear(params: ParamMap, scope: string, x: Tensor): Tensor {
  const weight = matrix(params, `${scope}.weight`);
  const [outDim, inDim] = weight.shape;
  if (x.shape.at(-1) !== inDim) {
    throw new StudioError(
      "SHAPE_MISMATCH",
      `${scope}: input [${x.shape.join(", ")}] does not end in ${inDim}, the width of its weight.`,
      "The weights do not belong to this model: check the size and encoder they were saved for.",
    );
  }
  const y = linearRows(tf.reshape(x, [-1, inDim]), weight, vector(params, `${scope}.bias`));
  return tf.reshape(y, [...x.shape.slice(0, -1), outDim]);
}
