import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";
import { mapRecord } from "../../common/math/records";
import { run } from "../kernels/operation";
import { Blend } from "../kernels/updateOps";
import type { ParamMap } from "../nn/params";

/**
 * average + rate (p - average), with rate = 1 - decay. The average of a new parameter (of a new projector) starts as
 * the parameter itself. A new tensor; disposes nothing.
 */
export const movedAverage = (average: Tensor | undefined, p: Tensor, rate: Scalar): Tensor =>
  average ? tf.tidy(() => run(Blend, { average, p, rate }, {}).y) : tf.clone(p);

/**
 * `movedAverage` for every parameter, pos_embed too; not bias-corrected. New tensors; disposes nothing.
 * @source sihyun-yu/REPA train.py update_ema
 */
export function emaUpdate(ema: ParamMap, params: ParamMap, decay: number): ParamMap {
  return tf.tidy(() => {
    const rate = tf.scalar(1 - decay);
    return mapRecord(params, (p, name) => movedAverage(ema[name], p, rate));
  });
}
