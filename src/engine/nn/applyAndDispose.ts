import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/**
 * f(x), a new tensor, where nothing else needs `x`: it is disposed, and so are the intermediate tensors of `f`, before
 * the next layer runs. Long chains of layers on large images fit in memory because of this. A gradient tape keeps
 * what it needs for itself.
 */
export function applyAndDispose<A extends Tensor, B extends Tensor>(x: A, f: (x: A) => B): B {
  const y = tf.tidy(() => f(x));
  x.dispose();
  return y;
}
