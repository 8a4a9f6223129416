import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/** sqrt(2/π), doubled because 0.5 (1 + tanh u) = sigmoid(2u). */
const GELU_SLOPE = 2 * Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

/** GELU, tanh approximation (nn.GELU(approximate="tanh")), any shape. */
export function geluTanh<T extends Tensor>(x: T): T {
  const op = tf.customGrad((input, save) => {
    const a = input as Tensor;
    const square = tf.square(a);
    const gate = tf.sigmoid(tf.mul(a, tf.add(tf.mul(square, GELU_SLOPE * GELU_CUBIC), GELU_SLOPE)));
    (save as tf.GradSaveFunc)([a, gate]);
    return {
      value: tf.mul(a, gate),
      gradFunc: (dy, saved) => {
        const [savedX, s] = saved as [Tensor, Tensor];
        // d/dx x s(u) = s + x s (1 - s) u',  u' = slope (1 + 3 cubic x²)
        const slope = tf.add(tf.mul(tf.square(savedX), 3 * GELU_SLOPE * GELU_CUBIC), GELU_SLOPE);
        const bend = tf.mul(tf.mul(savedX, slope), tf.sub(s, tf.square(s)));
        return tf.mul(dy, tf.add(s, bend));
      },
    };
  });
  return op(x) as T;
}

/** GELU with the error function (nn.GELU()), as the frozen encoders use it. */
export const geluExact = <T extends Tensor>(x: T): T =>
  tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));

/** SiLU: x sigmoid(x), any shape. */
export function silu<T extends Tensor>(x: T): T {
  const op = tf.customGrad((input, save) => {
    const a = input as Tensor;
    const gate = tf.sigmoid(a);
    (save as tf.GradSaveFunc)([a, gate]);
    return {
      value: tf.mul(a, gate),
      gradFunc: (dy, saved) => {
        const [savedX, s] = saved as [Tensor, Tensor];
        return tf.mul(dy, tf.add(s, tf.mul(savedX, tf.sub(s, tf.square(s)))));
      },
    };
  });
  return op(x) as T;
}
