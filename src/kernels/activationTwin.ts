import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { GELU_CUBIC, GELU_SLOPE, type RealActivation } from "./activation";

/** The gate s of a s(a): sigmoid of a (SiLU), or of the scaled cubic that stands for tanh (GELU). */
function gateOf(activation: RealActivation, a: Tensor): Tensor {
  if (activation === "silu") return tf.sigmoid(a);
  const square = tf.square(a);
  return tf.sigmoid(tf.mul(a, tf.add(tf.mul(square, GELU_SLOPE * GELU_CUBIC), GELU_SLOPE)));
}

/** SiLU a sigmoid(a), or GELU in its tanh form; any shape, plain tfjs. */
export const activate = <T extends Tensor>(activation: RealActivation, a: T): T =>
  tf.mul(a, gateOf(activation, a));

/** The derivative of `activate`: s + a s (1 - s) u', with u' = 1 (SiLU) or slope (1 + 3 cubic a²) (GELU). */
export function activationSlope<T extends Tensor>(activation: RealActivation, a: T): T {
  const s = gateOf(activation, a);
  const bend = tf.mul(a, tf.sub(s, tf.square(s)));
  if (activation === "silu") return tf.add(s, bend);
  const inner = tf.add(tf.mul(tf.square(a), 3 * GELU_SLOPE * GELU_CUBIC), GELU_SLOPE);
  return tf.add(s, tf.mul(bend, inner));
}
