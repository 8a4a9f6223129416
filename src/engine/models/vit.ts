import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { VitArchitecture } from "../../common/catalogue/vitArchitecture";
import { StudioError } from "../../common/errors/studioError";
import { resampleBicubic, type ResampleOptions } from "../../common/math/resample";
import { attention } from "../nn/attention";
import { layerNormAffine } from "../nn/layerNorm";
import { mlp, swiglu } from "../nn/mlp";
import { tensor3d, vector, type ParamMap } from "../nn/params";
import { patchEmbed } from "../nn/patchEmbed";

/**
 * One vision transformer for every frozen encoder; `VitArchitecture` says in what they differ. Parameters have timm's
 * names, with one convention for all: `pos_embed` has a row for the class token where there is one.
 * @source timm.models.vision_transformer.VisionTransformer; facebookresearch/dinov2, openai/CLIP, facebookresearch/ijepa
 */

/** Rows of the position table before the patches'. */
const placedPrefix = (config: VitArchitecture): number => (config.clsToken ? 1 : 0);

/** Tokens before the patches: class token and registers. */
export const prefixTokens = (config: VitArchitecture): number =>
  placedPrefix(config) + config.registers;

/**
 * The position table for another grid: [prefix + config.grid², width] -> [prefix + rows * columns, width]. The
 * patches' rows are resampled (bicubic with antialiasing, as REPA calls it), the class token's row is kept.
 * @source timm.layers.resample_abs_pos_embed
 */
export function resamplePositions(
  table: Float32Array,
  config: VitArchitecture,
  grid: readonly [rows: number, columns: number],
  options: ResampleOptions = { kind: "antialias" },
): Float32Array {
  const { width } = config;
  const prefix = table.subarray(0, placedPrefix(config) * width);
  const patches = resampleBicubic(
    table.subarray(prefix.length),
    { height: config.grid, width: config.grid, channels: width },
    grid,
    options,
  );
  const out = new Float32Array(prefix.length + patches.length);
  out.set(prefix);
  out.set(patches, prefix.length);
  return out;
}

/** The position table, refused when it is for another number of tokens (see `resamplePositions`). */
function positions(params: ParamMap, config: VitArchitecture, tokens: number): Tensor3D {
  const table = tensor3d(params, "pos_embed");
  const rows = placedPrefix(config) + tokens;
  if (table.shape[1] === rows && table.shape[2] === config.width) return table;
  throw new StudioError(
    "SHAPE_MISMATCH",
    `pos_embed has shape [${table.shape.join(", ")}], expected [1, ${rows}, ${config.width}].`,
    "The position table has to be resampled to the token grid first; or the weights are another encoder's.",
  );
}

const norm = (params: ParamMap, scope: string, x: Tensor3D, { normEps }: VitArchitecture) =>
  layerNormAffine(params, scope, x, normEps);

/** x times its layer scale, where the architecture has one. */
const scaled = (params: ParamMap, scope: string, x: Tensor3D, config: VitArchitecture): Tensor3D =>
  config.layerScale ? tf.mul(x, vector(params, `${scope}.gamma`)) : x;

function feedForward(params: ParamMap, scope: string, x: Tensor3D, config: VitArchitecture) {
  const { activation } = config.mlp;
  return activation === "swiglu" ? swiglu(params, scope, x) : mlp(params, scope, x, activation);
}

/** x + ls1 attention(norm1 x), then x + ls2 mlp(norm2 x). @source timm Block */
function block(params: ParamMap, scope: string, x: Tensor3D, config: VitArchitecture): Tensor3D {
  const attnIn = norm(params, `${scope}.norm1`, x, config);
  const attnOut = attention(params, `${scope}.attn`, attnIn, { numHeads: config.heads });
  const x1: Tensor3D = tf.add(x, scaled(params, `${scope}.ls1`, attnOut, config));
  const mlpIn = norm(params, `${scope}.norm2`, x1, config);
  const mlpOut = feedForward(params, `${scope}.mlp`, mlpIn, config);
  return tf.add(x1, scaled(params, `${scope}.ls2`, mlpOut, config));
}

/**
 * Tokens as they enter the first block: class token, registers, patches, the first and last with their positions.
 * @param images normalised [B, H, W, 3], sides multiples of the patch
 * @returns [B, prefix + H / patch * W / patch, D]
 * @throws StudioError SHAPE_MISMATCH, PARAM_MISSING
 */
export function vitInput(params: ParamMap, config: VitArchitecture, images: Tensor4D): Tensor3D {
  const [batch] = images.shape;
  const embedder = config.patchBias
    ? params
    : { ...params, "patch_embed.proj.bias": tf.zeros([config.width]) };
  const patches = patchEmbed(embedder, "patch_embed", images); // [B, T, D]
  const table = positions(params, config, patches.shape[1]);
  const repeated = (name: string): Tensor3D => tf.tile(tensor3d(params, name), [batch, 1, 1]);
  let x = patches;
  if (config.clsToken) x = tf.concat([repeated("cls_token"), x], 1);
  x = tf.add(x, table);
  if (config.registers > 0) {
    const first = placedPrefix(config);
    const patchesOnly = tf.slice(x, [0, first, 0], [-1, -1, -1]);
    const cls = tf.slice(x, [0, 0, 0], [-1, first, -1]);
    x = tf.concat([cls, repeated("reg_token"), patchesOnly], 1);
  }
  return config.preNorm ? norm(params, "norm_pre", x, config) : x;
}

/** Blocks, and the final norm where the architecture has it: x [B, T, D] as of `vitInput` -> the same. */
export function vitTrunk(params: ParamMap, config: VitArchitecture, x: Tensor3D): Tensor3D {
  let h = x;
  for (let index = 0; index < config.depth; index++) {
    // disposes the intermediate tensors of a block before the next one, unless a tape keeps them
    h = tf.tidy(() => block(params, `blocks.${index}`, h, config));
  }
  return config.finalNorm ? norm(params, "norm", h, config) : h;
}

/**
 * Patch tokens: the encoder's target.
 * @param images normalised [B, H, W, 3], sides multiples of the patch
 * @returns [B, H / patch * W / patch, D], row-major, without class token and registers
 * @throws StudioError SHAPE_MISMATCH, PARAM_MISSING
 */
export function vitTokens(params: ParamMap, config: VitArchitecture, images: Tensor4D): Tensor3D {
  const tokens = vitTrunk(params, config, vitInput(params, config, images));
  const prefix = prefixTokens(config);
  return prefix === 0 ? tokens : tf.slice(tokens, [0, prefix, 0], [-1, -1, -1]);
}
