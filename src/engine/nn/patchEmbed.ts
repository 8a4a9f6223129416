import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import { linear } from "./linear";
import { kernel4d, vector, type ParamMap } from "./params";

/** Cuts x [B, H, W, C] into square patches: [B, T, C p p], channel slowest as in a convolution's weight. */
export function patchify(x: Tensor4D, patch: number): Tensor3D {
  const [batch, height, width, channels] = x.shape;
  if (height % patch !== 0 || width % patch !== 0) {
    throw new StudioError(
      "SHAPE_MISMATCH",
      `An input of ${height}x${width} does not divide into patches of ${patch}.`,
      "Choose a patch size that divides the latent's side.",
    );
  }
  const [rows, columns] = [height / patch, width / patch];
  // rank 4 at most: tfjs' wasm transpose is slow for higher ranks
  const strips = tf.reshape(x, [batch * rows, patch, columns, patch * channels]);
  const perPatch = tf.transpose(strips, [0, 2, 1, 3]); // [B rows, columns, p, p C]
  const pixels = tf.reshape(perPatch, [batch * rows * columns, patch * patch, channels]);
  return tf.reshape(tf.transpose(pixels, [0, 2, 1]), [
    batch,
    rows * columns,
    channels * patch * patch,
  ]);
}

/** The inverse order of SiT's head: tokens [B, T, p p C], channel fastest, to [B, H, W, C]. @source SiT.unpatchify */
export function unpatchify(tokens: Tensor3D, patch: number, channels: number): Tensor4D {
  const [batch, count] = tokens.shape;
  const side = Math.round(Math.sqrt(count));
  const strips = tf.reshape(tokens, [batch * side, side, patch, patch * channels]);
  return tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [
    batch,
    side * patch,
    side * patch,
    channels,
  ]);
}

/**
 * Patch embedding: x [B, H, W, C] -> [B, T, D], tokens row-major. Reads `${scope}.proj.weight` [D, C, p, p]
 * and `.bias`; a convolution whose stride is its kernel is a linear map of patches. @source timm.layers.PatchEmbed
 */
export function patchEmbed(params: ParamMap, scope: string, x: Tensor4D): Tensor3D {
  const weight = kernel4d(params, `${scope}.proj.weight`);
  const [width, channels, patch] = weight.shape;
  const flat = {
    weight: tf.reshape(weight, [width, channels * patch * patch]),
    bias: vector(params, `${scope}.proj.bias`),
  };
  return linear(
    { [`${scope}.weight`]: flat.weight, [`${scope}.bias`]: flat.bias },
    scope,
    patchify(x, patch),
    { constantInput: true },
  );
}
