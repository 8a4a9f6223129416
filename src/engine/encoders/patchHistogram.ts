import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";

const LEVELS = 8;
const DIRECTIONS = 8;
const CHANNELS = 3;

/** Features of a patch: levels of each colour channel, then edge directions of each. */
export const HISTOGRAM_WIDTH = CHANNELS * (LEVELS + DIRECTIONS);

/** Each channel's value in [-1, 1] shared between the two nearest of 8 levels: [B, H, W, 24]. */
function colourLevels(images: Tensor4D): Tensor4D {
  const spacing = 2 / (LEVELS - 1);
  const shares = Array.from({ length: LEVELS }, (_, level): Tensor4D => {
    const distance = tf.abs(tf.sub(images, level * spacing - 1));
    return tf.relu(tf.sub(1, tf.div(distance, spacing)));
  });
  return tf.concat(shares, 3);
}

/** Each channel's gradient projected on 8 directions, negative parts set to zero: [B, H, W, 24]. */
function edgeDirections(images: Tensor4D): Tensor4D {
  const [batch, height, width] = images.shape;
  // central differences; the outermost pixels have none
  const inner = (dy: number, dx: number) =>
    tf.slice(images, [0, 1 + dy, 1 + dx, 0], [batch, height - 2, width - 2, CHANNELS]);
  const [right, down] = [tf.sub(inner(0, 1), inner(0, -1)), tf.sub(inner(1, 0), inner(-1, 0))];
  const responses = Array.from({ length: DIRECTIONS }, (_, direction): Tensor4D => {
    const angle = (2 * Math.PI * direction) / DIRECTIONS;
    return tf.relu(tf.add(tf.mul(right, Math.cos(angle)), tf.mul(down, Math.sin(angle))));
  });
  const all: Tensor4D = tf.concat(responses, 3);
  return tf.pad(all, [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
}

/**
 * Hand-made features, a control for what learning adds: soft histograms over each patch of colour levels
 * and edge directions, square-rooted (so that products compare them as Hellinger's distance does).
 * @param images [B, S, S, 3] in [-1, 1], S a multiple of the patch
 * @returns [B, (S / patch)², 48], row-major
 */
export function patchHistogram(images: Tensor4D, patch: number): Tensor3D {
  return tf.tidy(() => {
    const perPixel: Tensor4D = tf.concat([colourLevels(images), edgeDirections(images)], 3);
    const perPatch = tf.avgPool(perPixel, patch, patch, "valid");
    const [batch, rows, columns, width] = perPatch.shape;
    return tf.reshape(tf.sqrt(perPatch), [batch, rows * columns, width]);
  });
}
