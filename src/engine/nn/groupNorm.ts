import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { applyAndDispose } from "./applyAndDispose";
import { customOp, hasTape } from "./customOp";
import { vector, type ParamMap } from "./params";

/** Mean over the image of each channel: [B, H, W, C] -> [B, 1, 1, C]. */
const spatialMean = (x: Tensor4D): Tensor4D =>
  // wasm transposes before it reduces outer axes; its average pooling does not
  tf.getBackend() === "wasm"
    ? tf.avgPool(x, [x.shape[1], x.shape[2]], 1, "valid")
    : tf.mean<Tensor4D>(x, [1, 2], true);

/** Mean over each group of channels, repeated for its channels: [B, 1, 1, C] -> [B, 1, 1, C]. */
function groupMean(perChannel: Tensor4D, groups: number): Tensor4D {
  const [batch, , , channels] = perChannel.shape;
  const size = channels / groups;
  const mean = tf.mean(tf.reshape(perChannel, [batch, groups, size]), 2, true);
  return tf.reshape(tf.tile(mean, [1, 1, size]), [batch, 1, 1, channels]);
}

/**
 * GroupNorm with `${scope}.weight` and `.bias` [C] on [B, H, W, C]; biased variance.
 * @param eps 1e-6 in the AutoencoderKL (diffusers' UNets differ)
 * @source torch.nn.GroupNorm
 */
export function groupNorm(
  params: ParamMap,
  scope: string,
  x: Tensor4D,
  groups: number,
  eps = 1e-6,
): Tensor4D {
  return customOp({
    inputs: {
      x,
      weight: vector(params, `${scope}.weight`),
      bias: vector(params, `${scope}.bias`),
    },
    forward: ({ x: image, weight, bias }) => {
      const centred = tf.tidy(() => tf.sub<Tensor4D>(image, groupMean(spatialMean(image), groups)));
      const rstd = tf.tidy(() =>
        tf.rsqrt(tf.add(groupMean(spatialMean(tf.square(centred)), groups), eps)),
      );
      // as large as the image and disposed below: without a tape no second reference may keep it
      const saved = { centred: hasTape() ? tf.clone(centred) : centred, rstd, weight };
      const value: Tensor4D = applyAndDispose(
        applyAndDispose(centred, (y) => tf.mul<Tensor4D>(y, tf.mul(rstd, weight))),
        (scaled) => tf.add(scaled, bias),
      );
      return { value, saved };
    },
    backward: (dy, { centred, rstd, weight }) => {
      const pixels = centred.shape[1] * centred.shape[2];
      const meanDy = spatialMean(dy); // [B, 1, 1, C]
      const meanDyY = tf.mul(spatialMean(tf.mul(dy, centred)), rstd); // of dy times the normalised image
      const offset = groupMean(tf.mul(meanDy, weight), groups);
      const slope = tf.mul(tf.square(rstd), groupMean(tf.mul(meanDyY, weight), groups));
      return {
        x: tf.sub(
          tf.mul(dy, tf.mul(rstd, weight)),
          tf.add(tf.mul(centred, slope), tf.mul(rstd, offset)),
        ),
        weight: tf.mul(tf.sum(meanDyY, [0, 1, 2]), pixels),
        bias: tf.mul(tf.sum(meanDy, [0, 1, 2]), pixels),
      };
    },
  });
}
