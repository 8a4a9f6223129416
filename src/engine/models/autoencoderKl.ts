import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { ATTENTION_SCORE_BYTES } from "../../common/config/autoencoderMemory";
import { silu } from "../nn/activations";
import { applyAndDispose } from "../nn/applyAndDispose";
import { conv2d, upsampleNearest2x } from "../nn/conv";
import { groupNorm } from "../nn/groupNorm";
import { linear } from "../nn/linear";
import type { ParamMap } from "../nn/params";
import { slicedAttention } from "../nn/slicedAttention";
import { assertDivisible } from "./latentGrid";

/** @source huggingface/diffusers models/autoencoder_kl.py, AutoencoderKL; the golden autoencoder_kl has its formulas */
export interface AutoencoderKlConfig {
  /** Channels of each level, from the image's resolution down; every level but the last halves the side. */
  readonly blockOutChannels: readonly number[];
  /** Residual blocks a level of the encoder; the decoder has one more. */
  readonly layersPerBlock: number;
  readonly normNumGroups: number;
  readonly latentChannels: number;
  /** The diffusion model sees latents times this. Not applied by the functions here. */
  readonly scalingFactor: number;
}

export interface Moments {
  /** [B, h, w, latentChannels] */
  readonly mean: Tensor4D;
  readonly std: Tensor4D;
}

const SAME = [1, 1, 1, 1] as const; // padding of every 3x3 convolution but the downsamplers'
const LOGVAR_MIN = -30;
const LOGVAR_MAX = 20;

/** How many image pixels one latent pixel spans, along a side. */
export const spatialFactor = (config: AutoencoderKlConfig): number =>
  2 ** (config.blockOutChannels.length - 1);

const normSilu = (params: ParamMap, scope: string, x: Tensor4D, groups: number): Tensor4D =>
  applyAndDispose(groupNorm(params, scope, x, groups), silu);

function resnet(params: ParamMap, scope: string, x: Tensor4D, groups: number): Tensor4D {
  const normal = (part: 1 | 2) => (h: Tensor4D) =>
    normSilu(params, `${scope}.norm${part}`, h, groups);
  const conv = (part: 1 | 2) => (h: Tensor4D) =>
    conv2d(params, `${scope}.conv${part}`, h, { padding: SAME });
  const h = applyAndDispose(
    applyAndDispose(applyAndDispose(normal(1)(x), conv(1)), normal(2)),
    conv(2),
  );
  const shortcut = `${scope}.conv_shortcut`;
  return tf.add<Tensor4D>(`${shortcut}.weight` in params ? conv2d(params, shortcut, x) : x, h);
}

/** One head over all pixels, residual: [B, H, W, C] -> the same. */
function midAttention(params: ParamMap, scope: string, x: Tensor4D, groups: number): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const tokens = applyAndDispose(
    groupNorm(params, `${scope}.group_norm`, x, groups),
    (normal): Tensor3D => tf.reshape(normal, [batch, height * width, channels]),
  );
  const projected = (name: string) => tf.tidy(() => linear(params, `${scope}.${name}`, tokens));
  const [q, k, v] = [projected("to_q"), projected("to_k"), projected("to_v")];
  const heads = slicedAttention(q, k, v, ATTENTION_SCORE_BYTES);
  const attnOut = linear(params, `${scope}.to_out.0`, heads);
  return tf.add(x, tf.reshape(attnOut, x.shape));
}

/** Disposes `x`. */
function midBlock(params: ParamMap, scope: string, x: Tensor4D, groups: number): Tensor4D {
  const h = applyAndDispose(x, (y) => resnet(params, `${scope}.resnets.0`, y, groups));
  const attended = applyAndDispose(h, (y) =>
    midAttention(params, `${scope}.attentions.0`, y, groups),
  );
  return applyAndDispose(attended, (y) => resnet(params, `${scope}.resnets.1`, y, groups));
}

/** Disposes `x`. */
const head = (params: ParamMap, scope: string, x: Tensor4D, groups: number): Tensor4D =>
  applyAndDispose(
    applyAndDispose(x, (y) => normSilu(params, `${scope}.conv_norm_out`, y, groups)),
    (normal) => conv2d(params, `${scope}.conv_out`, normal, { padding: SAME }),
  );

/**
 * The output of quant_conv before it is split: [B, H, W, 3] -> [B, h, w, 2 latentChannels], means first.
 * @throws StudioError SHAPE_MISMATCH when the side does not divide
 */
export function rawMoments(
  params: ParamMap,
  config: AutoencoderKlConfig,
  images: Tensor4D,
): Tensor4D {
  assertDivisible(images, spatialFactor(config));
  const groups = config.normNumGroups;
  let h = conv2d(params, "encoder.conv_in", images, { padding: SAME });
  config.blockOutChannels.forEach((_, level) => {
    const scope = `encoder.down_blocks.${level}`;
    for (let layer = 0; layer < config.layersPerBlock; layer++) {
      h = applyAndDispose(h, (x) => resnet(params, `${scope}.resnets.${layer}`, x, groups));
    }
    if (level < config.blockOutChannels.length - 1) {
      // the reference pads right and bottom only
      const halved = { stride: 2, padding: [0, 1, 0, 1] } as const;
      h = applyAndDispose(h, (x) => conv2d(params, `${scope}.downsamplers.0.conv`, x, halved));
    }
  });
  h = head(params, "encoder", midBlock(params, "encoder.mid_block", h, groups), groups);
  return applyAndDispose(h, (x) => conv2d(params, "quant_conv", x));
}

/**
 * Posterior of the latents of images [B, H, W, 3] in [-1, 1].
 * @returns mean and logvar (clamped to [-30, 20]), both [B, h, w, latentChannels], not scaled
 */
export function encodeLogvar(
  params: ParamMap,
  config: AutoencoderKlConfig,
  images: Tensor4D,
): { mean: Tensor4D; logvar: Tensor4D } {
  const raw = rawMoments(params, config, images);
  const [batch, height, width] = raw.shape;
  const channels = config.latentChannels;
  const part = (index: number) =>
    tf.slice(raw, [0, 0, 0, index * channels], [batch, height, width, channels]);
  return { mean: part(0), logvar: tf.clipByValue(part(1), LOGVAR_MIN, LOGVAR_MAX) };
}

/** `encodeLogvar` with std = exp(logvar / 2): what is cached, and sampled from at every step. */
export function encodeMoments(
  params: ParamMap,
  config: AutoencoderKlConfig,
  images: Tensor4D,
): Moments {
  const { mean, logvar } = encodeLogvar(params, config, images);
  return { mean, std: tf.exp(tf.mul(logvar, 0.5)) };
}

/** Latents [B, h, w, latentChannels] (not scaled) -> images [B, H, W, 3], about [-1, 1], not clipped. */
export function decode(params: ParamMap, config: AutoencoderKlConfig, latents: Tensor4D): Tensor4D {
  const groups = config.normNumGroups;
  let h = applyAndDispose(conv2d(params, "post_quant_conv", latents), (x) =>
    conv2d(params, "decoder.conv_in", x, { padding: SAME }),
  );
  h = midBlock(params, "decoder.mid_block", h, groups);
  config.blockOutChannels.forEach((_, level) => {
    const scope = `decoder.up_blocks.${level}`;
    for (let layer = 0; layer <= config.layersPerBlock; layer++) {
      h = applyAndDispose(h, (x) => resnet(params, `${scope}.resnets.${layer}`, x, groups));
    }
    if (level < config.blockOutChannels.length - 1) {
      h = applyAndDispose(applyAndDispose(h, upsampleNearest2x), (x) =>
        conv2d(params, `${scope}.upsamplers.0.conv`, x, { padding: SAME }),
      );
    }
  });
  return head(params, "decoder", h, groups);
}

const OLD_ATTENTION_NAMES: readonly (readonly [old: string, current: string])[] = [
  [".query.", ".to_q."],
  [".key.", ".to_k."],
  [".value.", ".to_v."],
  [".proj_attn.", ".to_out.0."],
];

/** The current name of a parameter; stabilityai's files call the attention's parts query, key, value, proj_attn. */
export const currentName = (name: string): string =>
  OLD_ATTENTION_NAMES.reduce(
    (renamed, [old, current]) => renamed.replace(`attentions.0${old}`, `attentions.0${current}`),
    name,
  );

/** `params` under the current names. */
export const withCurrentNames = (params: Readonly<Record<string, Tensor>>): ParamMap =>
  Object.fromEntries(Object.entries(params).map(([name, tensor]) => [currentName(name), tensor]));
