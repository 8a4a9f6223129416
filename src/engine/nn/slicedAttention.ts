import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D } from "@tensorflow/tfjs-core";

const FLOAT_BYTES = 4;

/** Rows of queries computed at once, at least one, so that their scores take at most `scoreBytes`. */
export const queryRows = (batch: number, tokens: number, scoreBytes: number): number =>
  Math.min(tokens, Math.max(1, Math.floor(scoreBytes / (batch * tokens * FLOAT_BYTES))));

/**
 * Attention of one head, softmax(q kᵀ / √C) v, computed for some rows of queries at a time: a row needs all keys but
 * no other row, so that the result is the same.
 * @param q [B, T, C] as are k and v
 * @param scoreBytes the scores of a slice [B, rows, T] stay below it
 */
export function slicedAttention(
  q: Tensor3D,
  k: Tensor3D,
  v: Tensor3D,
  scoreBytes: number,
): Tensor3D {
  const [batch, tokens, channels] = q.shape;
  const rows = queryRows(batch, tokens, scoreBytes);
  const slice = (first: number): Tensor3D =>
    tf.tidy(() => {
      const count = Math.min(rows, tokens - first);
      const some = rows === tokens ? q : tf.slice(q, [0, first, 0], [batch, count, channels]);
      const scores = tf.matMul(tf.mul(some, channels ** -0.5), k, false, true);
      return tf.matMul(tf.softmax(scores), v);
    });
  const slices = Array.from({ length: Math.ceil(tokens / rows) }, (_, i) => slice(i * rows));
  const [only] = slices;
  if (slices.length === 1 && only) return only;
  const whole = tf.concat(slices, 1);
  tf.dispose(slices);
  return whole;
}
