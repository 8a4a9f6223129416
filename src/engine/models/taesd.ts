import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { applyAndDispose } from "../nn/applyAndDispose";
import { conv2d, upsampleNearest2x } from "../nn/conv";
import type { ParamMap } from "../nn/params";
import { assertDivisible } from "./latentGrid";

/** @source madebyollin/taesd taesd.py; diffusers AutoencoderTiny has the same layers. The golden taesd has the formulas */
export interface TaesdConfig {
  /** Channels of every inner layer. */
  readonly width: number;
  readonly latentChannels: number;
}

/** Image px a latent px spans: three halvings. */
export const TAESD_FACTOR = 8;
const LEVELS = 3;
/** Residual blocks between two changes of the side. */
const BLOCKS = 3;
const SAME = [1, 1, 1, 1] as const;
const IMAGE_CHANNELS = 3;
/** Larger latents are squeezed (tanh) to this magnitude before they are decoded. */
const LATENT_MAGNITUDE = 3;

/** One layer with parameters, by its number in diffusers' list. */
interface Layer {
  readonly scope: string;
  readonly kind: "conv" | "convRelu" | "block" | "down" | "up";
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * The layers with parameters, under diffusers' numbers: an activation or an enlargement has a number, the clamp none.
 */
function layersOf({ width, latentChannels }: TaesdConfig): { encoder: Layer[]; decoder: Layer[] } {
  const layer = (
    part: string,
    at: number,
    kind: Layer["kind"],
    inputs = width,
    outputs = width,
  ) => ({
    scope: `${part}.layers.${at}`,
    kind,
    inputs,
    outputs,
  });
  const encoder = [layer("encoder", 0, "conv", IMAGE_CHANNELS), layer("encoder", 1, "block")];
  for (let level = 0; level < LEVELS; level++) {
    encoder.push(layer("encoder", encoder.length, "down"));
    for (let i = 0; i < BLOCKS; i++) encoder.push(layer("encoder", encoder.length, "block"));
  }
  encoder.push(layer("encoder", encoder.length, "conv", width, latentChannels));

  const decoder = [layer("decoder", 0, "convRelu", latentChannels)];
  let at = 2; // that ReLU has a number of its own
  for (let level = 0; level < LEVELS; level++) {
    for (let i = 0; i < BLOCKS; i++) decoder.push(layer("decoder", at++, "block"));
    at++; // the enlargement
    decoder.push(layer("decoder", at++, "up"));
  }
  decoder.push(layer("decoder", at++, "block"));
  decoder.push(layer("decoder", at, "conv", width, IMAGE_CHANNELS));
  return { encoder, decoder };
}

/** Name and shape of every parameter, as diffusers' file names them. */
export function taesdShapes(config: TaesdConfig): ReadonlyMap<string, readonly number[]> {
  const { encoder, decoder } = layersOf(config);
  const shapes = new Map<string, readonly number[]>();
  const conv = (scope: string, inputs: number, outputs: number, biased = true) => {
    shapes.set(`${scope}.weight`, [outputs, inputs, 3, 3]);
    if (biased) shapes.set(`${scope}.bias`, [outputs]);
  };
  for (const { scope, kind, inputs, outputs } of [...encoder, ...decoder]) {
    if (kind === "block") [0, 2, 4].forEach((i) => conv(`${scope}.conv.${i}`, inputs, outputs));
    else conv(scope, inputs, outputs, kind.startsWith("conv"));
  }
  return shapes;
}

const convSame = (params: ParamMap, scope: string, x: Tensor4D): Tensor4D =>
  conv2d(params, scope, x, { padding: SAME });

/** Three convolutions and the input again, a ReLU after each and after the sum. */
function block(params: ParamMap, scope: string, x: Tensor4D): Tensor4D {
  const conv = (i: number) => (h: Tensor4D) => convSame(params, `${scope}.conv.${i}`, h);
  const relu = (h: Tensor4D) => tf.relu(h);
  const h = applyAndDispose(applyAndDispose(applyAndDispose(conv(0)(x), relu), conv(2)), relu);
  return applyAndDispose(
    applyAndDispose(applyAndDispose(h, conv(4)), (y) => tf.add<Tensor4D>(y, x)),
    relu,
  );
}

function apply(params: ParamMap, { kind, scope }: Layer, x: Tensor4D): Tensor4D {
  switch (kind) {
    case "conv":
      return convSame(params, scope, x);
    case "convRelu":
      return applyAndDispose(convSame(params, scope, x), tf.relu);
    case "block":
      return block(params, scope, x);
    case "down":
      return conv2d(params, scope, x, { stride: 2, padding: SAME, biased: false });
    case "up":
      return applyAndDispose(upsampleNearest2x(x), (wide) =>
        conv2d(params, scope, wide, { padding: SAME, biased: false }),
      );
  }
}

/**
 * Images [B, H, W, 3] in [0, 1] to latents [B, H/8, W/8, latentChannels], already scaled as Stable Diffusion's.
 * @throws StudioError SHAPE_MISMATCH when the side does not divide
 */
export function taesdEncode(params: ParamMap, config: TaesdConfig, images: Tensor4D): Tensor4D {
  assertDivisible(images, TAESD_FACTOR);
  return layersOf(config).encoder.reduce(
    (h, layer) => applyAndDispose(h, (x) => apply(params, layer, x)),
    tf.clone(images), // the caller's stay
  );
}

/** Scaled latents [B, h, w, latentChannels] to images [B, 8h, 8w, 3], about [0, 1], not clipped. */
export function taesdDecode(params: ParamMap, config: TaesdConfig, latents: Tensor4D): Tensor4D {
  const clamped = tf.tidy(() =>
    tf.mul<Tensor4D>(tf.tanh(tf.div(latents, LATENT_MAGNITUDE)), LATENT_MAGNITUDE),
  );
  return layersOf(config).decoder.reduce(
    (h, layer) => applyAndDispose(h, (x) => apply(params, layer, x)),
    clamped,
  );
}

/**
 * diffusers' name of a parameter. The official files number the decoder's layers from the clamp, which has none
 * in diffusers' list, and have no "layers." in their names.
 */
export function diffusersName(name: string): string {
  const official = /^(encoder|decoder)\.(\d+)\.(.+)$/.exec(name);
  if (!official) return name;
  const [, part = "", at = "", rest = ""] = official;
  return `${part}.layers.${Number(at) - (part === "decoder" ? 1 : 0)}.${rest}`;
}
