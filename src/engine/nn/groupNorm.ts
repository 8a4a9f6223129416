import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import { advance } from "./advance";
import { vector, type ParamMap } from "./params";

/** Mean over the picture of each channel: [B, H, W, C] -> [B, 1, 1, C]. */
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
  const op = tf.customGrad((input, weight, bias, save) => {
    const [image, gamma, beta] = [input as Tensor4D, weight as Tensor1D, bias as Tensor1D];
    const centred = tf.tidy(() => tf.sub<Tensor4D>(image, groupMean(spatialMean(image), groups)));
    const inverseStd = tf.tidy(() =>
      tf.rsqrt(tf.add(groupMean(spatialMean(tf.square(centred)), groups), eps)),
    );
    (save as tf.GradSaveFunc)([centred, inverseStd, gamma]);
    return {
      value: advance(
        advance(centred, (x) => tf.mul<Tensor4D>(x, tf.mul(inverseStd, gamma))),
        (scaled) => tf.add(scaled, beta),
      ),
      gradFunc: (dy, saved) => {
        const [xc, scale, savedGamma] = saved as [Tensor4D, Tensor4D, Tensor1D];
        const pixels = xc.shape[1] * xc.shape[2];
        const weighted: Tensor4D = tf.mul(dy, xc);
        const meanDy = spatialMean(dy as Tensor4D); // [B, 1, 1, C]
        const meanDyY = tf.mul(spatialMean(weighted), scale); // of dy times the normalised image
        const dBeta = tf.mul(tf.sum(meanDy, [0, 1, 2]), pixels);
        const dGamma = tf.mul(tf.sum(meanDyY, [0, 1, 2]), pixels);
        const offset = groupMean(tf.mul(meanDy, savedGamma), groups);
        const slope = tf.mul(tf.square(scale), groupMean(tf.mul(meanDyY, savedGamma), groups));
        const dx = tf.sub(
          tf.mul(dy, tf.mul(scale, savedGamma)),
          tf.add(tf.mul(xc, slope), tf.mul(scale, offset)),
        );
        return [dx, dGamma, dBeta];
      },
    };
  });
  return op(x, vector(params, `${scope}.weight`), vector(params, `${scope}.bias`)) as Tensor4D;
}
