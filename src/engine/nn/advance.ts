import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/**
 * `f`, which makes a new tensor, of one that nobody needs afterwards: that one and what `f` made on the way are
 * dropped before the next layer. Long chains of large pictures fit in memory by this. A gradient tape keeps what it
 * needs for itself.
 */
export function advance<A extends Tensor, B extends Tensor>(x: A, f: (x: A) => B): B {
  const y = tf.tidy(() => f(x));
  x.dispose();
  return y;
}
