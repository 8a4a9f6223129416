import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";

/** One-hot rows [N, depth]. Cast: wasm's kernel writes integers whatever type it is asked for. */
export const oneHotRows = (positions: readonly number[], depth: number): Tensor2D =>
  tf.cast(tf.oneHot(tf.tensor1d([...positions], "int32"), depth), "float32") as Tensor2D;

/** Vectors of the last axis at unit length. */
const unitVectors = <T extends Tensor>(x: T): T =>
  tf.div<T>(x, tf.sqrt(tf.add(tf.sum(tf.square(x), -1, true), 1e-8)));

/** NT-Xent of z [2N, K], row i and row i + N being partners; and how often the partner is the nearest. */
export function ntXent(z: Tensor2D, temperature: number): { loss: Scalar; top1: Scalar } {
  const count = z.shape[0];
  const unit = unitVectors(z);
  const itself = tf.mul(tf.eye(count), -1e9);
  const logits = tf.add(tf.div(tf.matMul(unit, unit, false, true), temperature), itself);
  const partner = Array.from({ length: count }, (_, row) => (row + count / 2) % count);
  const isPartner = oneHotRows(partner, count);
  const positive = tf.sum(tf.mul(logits, isPartner), 1);
  const hit = tf.equal(tf.argMax(logits, 1), tf.tensor1d(partner, "int32"));
  return {
    loss: tf.mean(tf.sub(tf.logSumExp(logits, 1), positive)),
    top1: tf.mean(tf.cast(hit, "float32")),
  };
}

/** Columns less their mean over the batch: cosines are then taken as the quality measure takes them. */
export const centred = (x: Tensor2D): Tensor2D => tf.sub(x, tf.mean(x, 0, true));

/** Columns to zero mean and unit variance over the batch: without it the first steps only draw all vectors together. */
export function batchNorm(x: Tensor2D): Tensor2D {
  const zeroMean = centred(x);
  return tf.mul(zeroMean, tf.rsqrt(tf.add(tf.mean(tf.square(zeroMean), 0, true), 1e-5)));
}

/**
 * Contrast of tokens within a pair of pictures: a token of `a` is to be nearest to the token of `b` that shows the same
 * place, among all tokens of `b`. Tokens without such a place count nothing.
 * @param a tokens [N, Ka, D]; b tokens [N, Kb, D] of the partners
 * @param matches [N, Ka, Kb], 1 where two tokens show one place, at most once a row
 * @returns the mean over matched tokens, and how often the match is the nearest
 */
export function tokenContrast(
  a: Tensor3D,
  b: Tensor3D,
  matches: Tensor3D,
  temperature: number,
): { loss: Scalar; top1: Scalar } {
  const logits = tf.div<Tensor3D>(
    tf.matMul(unitVectors(a), unitVectors(b), false, true),
    temperature,
  );
  const count = tf.add(tf.sum(matches), 1e-6);
  const all = tf.sum(tf.mul(tf.logSumExp(logits, 2), tf.sum(matches, 2)));
  const own = tf.sum(tf.mul(logits, matches));
  const nearest = tf.cast(tf.equal(logits, tf.max(logits, 2, true)), "float32");
  return {
    loss: tf.div<Scalar>(tf.sub(all, own), count),
    top1: tf.div<Scalar>(tf.sum(tf.mul(nearest, matches)), count),
  };
}
