import * as tf from "@tensorflow/tfjs-core";
import type { ParamMap } from "../nn/params";

/**
 * ema + (1 - decay)(p - ema) for every parameter, pos_embed too; not bias-corrected. New tensors; disposes
 * nothing. The average of a new parameter (of a new projector) starts as the parameter itself.
 * @source sihyun-yu/REPA train.py update_ema
 */
export function emaUpdate(ema: ParamMap, params: ParamMap, decay: number): ParamMap {
  return tf.tidy(() => {
    const rate = tf.scalar(1 - decay);
    return Object.fromEntries(
      Object.entries(params).map(([name, p]) => {
        const average = ema[name];
        if (!average) return [name, tf.clone(p)];
        return [name, tf.tidy(() => tf.add(average, tf.mul(tf.sub(p, average), rate)))];
      }),
    );
  });
}
