import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { InputLaw } from "../../common/catalogue/encoderRow";
import { resampleBicubic } from "../../common/math/resample";

/** The [to, from] matrix of torch's plain bicubic: resampling is linear, so it is what it makes of the identity. */
function resizeMatrix(from: number, to: number): Tensor3D {
  const identity = new Float32Array(from * from);
  for (let i = 0; i < from; i++) identity[i * from + i] = 1;
  const shape = { height: from, width: 1, channels: from };
  return tf.tensor3d(resampleBicubic(identity, shape, [to, 1], { kind: "plain" }), [1, to, from]);
}

/**
 * Square images [B, S, S, C] to another side: torch's bicubic without antialiasing and without clamping,
 * as REPA resizes an encoder's input. The same tensor when the side fits already.
 * @source sihyun-yu/REPA train.py preprocess_raw_image
 */
export function resizeImages(images: Tensor4D, side: number): Tensor4D {
  const from = images.shape[1];
  if (from === side) return images;
  return tf.tidy(() => resampled(images, resizeMatrix(from, side)));
}

/** Square images [B, S, S, C] by the matrix [1, to, S] that makes new rows, and columns, of the old ones. */
export function resampled(images: Tensor4D, matrix: Tensor3D): Tensor4D {
  const [batch, from, , channels] = images.shape;
  const side = matrix.shape[1];
  return tf.tidy(() => {
    const matrices = tf.tile(matrix, [batch, 1, 1]);
    const rows = tf.matMul(matrices, tf.reshape(images, [batch, from, from * channels]));
    const turned = tf.transpose(tf.reshape(rows, [batch, side, from, channels]), [0, 2, 1, 3]);
    const columns = tf.matMul(matrices, tf.reshape(turned, [batch, from, side * channels]));
    return tf.transpose(tf.reshape(columns, [batch, side, side, channels]), [0, 2, 1, 3]);
  });
}

/** Images in [-1, 1] to (x - mean) / std of [0, 1] values, by channel. */
export function normalizeImages(
  images: Tensor4D,
  mean: readonly number[],
  std: readonly number[],
): Tensor4D {
  const plain = [...mean, ...std].every((value) => value === 0.5);
  if (plain) return images; // (x / 2 + 1 / 2 - 1 / 2) / (1 / 2)
  return tf.tidy(() => {
    const unit = tf.add(tf.mul(images, 0.5), 0.5);
    return tf.div<Tensor4D>(tf.sub(unit, tf.tensor1d([...mean])), tf.tensor1d([...std]));
  });
}

/**
 * Images [B, S, S, 3] in [-1, 1] as an encoder wants them for a token grid of side `grid`.
 * @source sihyun-yu/REPA train.py preprocess_raw_image
 */
export function encoderInput(
  { patch, mean, std, order }: InputLaw,
  images: Tensor4D,
  grid: number,
): Tensor4D {
  const side = grid * patch;
  return order === "resize, normalise"
    ? normalizeImages(resizeImages(images, side), mean, std)
    : resizeImages(normalizeImages(images, mean, std), side);
}
