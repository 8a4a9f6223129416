import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import {
  GELU_CUBIC,
  GELU_SLOPE,
  NORMAL_HEIGHT,
  QUICK_GELU_SLOPE,
  type RealActivation,
} from "./activation";

/** The gate s of a s(a): a sigmoid of a or of what bends it, or the normal distribution function (GELU). */
function gateOf(activation: RealActivation, a: Tensor): Tensor {
  switch (activation) {
    case "silu":
      return tf.sigmoid(a);
    case "quick-gelu":
      return tf.sigmoid(tf.mul(a, QUICK_GELU_SLOPE));
    case "gelu-tanh": {
      const bend = tf.add(tf.mul(tf.square(a), GELU_SLOPE * GELU_CUBIC), GELU_SLOPE);
      return tf.sigmoid(tf.mul(a, bend));
    }
    case "gelu":
      return tf.mul(tf.add(tf.erf(tf.mul(a, Math.SQRT1_2)), 1), 0.5);
  }
}

/** a s(a) with the gate of `activation`; any shape, plain tfjs. */
export const activate = <T extends Tensor>(activation: RealActivation, a: T): T =>
  tf.mul(a, gateOf(activation, a));

/** a times the gate's derivative: of a sigmoid of u(a), a s (1 - s) u'; of GELU's, a times the normal density. */
function bendOf(activation: RealActivation, a: Tensor, s: Tensor): Tensor {
  if (activation === "gelu") {
    return tf.mul(tf.mul(a, NORMAL_HEIGHT), tf.exp(tf.mul(tf.square(a), -0.5)));
  }
  const bend = tf.mul(a, tf.sub(s, tf.square(s)));
  if (activation === "silu") return bend;
  if (activation === "quick-gelu") return tf.mul(bend, QUICK_GELU_SLOPE);
  const inner = tf.add(tf.mul(tf.square(a), 3 * GELU_SLOPE * GELU_CUBIC), GELU_SLOPE);
  return tf.mul(bend, inner);
}

/** The derivative of `activate`. */
export function activationSlope<T extends Tensor>(activation: RealActivation, a: T): T {
  const s = gateOf(activation, a);
  return tf.add<T>(s, bendOf(activation, a, s));
}
