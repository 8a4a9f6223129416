import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { StudioError } from "../errors/studioError";
import { resampleBicubic } from "../math/resample";
import { attention } from "../nn/attention";
import { layerNormAffine } from "../nn/layerNorm";
import { mlp } from "../nn/mlp";
import type { ParamMap } from "../nn/params";
import { patchEmbed } from "../nn/patchEmbed";

/** A plain pre-norm vision transformer. @source timm.models.vision_transformer.VisionTransformer */
export interface VitConfig {
  /** Side of a patch, px. */
  readonly patch: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly mlpRatio: number;
  /** Side of the token grid the position table was trained for. */
  readonly grid: number;
  /** Whether a class token stands before the patches; it is dropped from the output. */
  readonly clsToken: boolean;
  /** GELU by tanh is what the built-in encoder uses: erf is slow on wasm. */
  readonly activation: "gelu-tanh" | "gelu";
  readonly normEps: number;
}

const prefixTokens = (config: VitConfig): number => (config.clsToken ? 1 : 0);

/**
 * The position table for another grid: [prefix + config.grid², width] -> [prefix + grid², width]. The patches'
 * rows are resampled (bicubic with antialiasing, as REPA calls it), the class token's row is kept.
 * @source timm.layers.resample_abs_pos_embed
 */
export function resamplePositions(
  table: Float32Array,
  config: VitConfig,
  grid: number,
): Float32Array {
  const { width } = config;
  const prefix = table.subarray(0, prefixTokens(config) * width);
  const patches = resampleBicubic(
    table.subarray(prefix.length),
    { height: config.grid, width: config.grid, channels: width },
    [grid, grid],
    { kind: "antialias" },
  );
  const out = new Float32Array(prefix.length + patches.length);
  out.set(prefix);
  out.set(patches, prefix.length);
  return out;
}

/** The position table, refused when it is for another number of tokens (see `resamplePositions`). */
function positions(params: ParamMap, config: VitConfig, tokens: number): Tensor {
  const table = params.pos_embed;
  const rows = prefixTokens(config) + tokens;
  if (table?.shape[1] === rows && table.shape[2] === config.width) return table;
  throw new StudioError(
    "SHAPE_MISMATCH",
    `pos_embed has shape [${String(table?.shape)}], expected [1, ${rows}, ${config.width}].`,
    "The position table has to be resampled to the token grid first; or the weights are another encoder's.",
  );
}

/** x + attention(norm1 x), then x + mlp(norm2 x). @source timm Block */
function block(params: ParamMap, scope: string, x: Tensor3D, config: VitConfig): Tensor3D {
  const norm = (name: string, h: Tensor3D) =>
    layerNormAffine(params, `${scope}.${name}`, h, config.normEps) as Tensor3D;
  const mixed = attention(params, `${scope}.attn`, norm("norm1", x), { numHeads: config.heads });
  const h = tf.add<Tensor3D>(x, mixed);
  return tf.add<Tensor3D>(h, mlp(params, `${scope}.mlp`, norm("norm2", h), config.activation));
}

/** Blocks and final norm on tokens that carry their positions: x [B, T, D] -> the same. */
export function vitTrunk(params: ParamMap, config: VitConfig, x: Tensor3D): Tensor3D {
  let h = x;
  for (let index = 0; index < config.depth; index++) {
    h = block(params, `blocks.${index}`, h, config);
  }
  return layerNormAffine(params, "norm", h, config.normEps) as Tensor3D;
}

/**
 * Patch tokens after the final norm.
 * @param images normalised [B, H, W, 3], square, side a multiple of the patch
 * @returns [B, (H / patch)², width], row-major, without the class token
 * @throws StudioError SHAPE_MISMATCH, PARAM_MISSING
 */
export function vitTokens(params: ParamMap, config: VitConfig, images: Tensor4D): Tensor3D {
  const [batch, height, width] = images.shape;
  if (height !== width) {
    throw new StudioError(
      "SHAPE_MISMATCH",
      `The encoder takes square images, not ${height}x${width} px.`,
      "Crop the images to squares first.",
    );
  }
  const patches = patchEmbed(params, "patch_embed", images); // [B, T, D]
  const table = positions(params, config, patches.shape[1]);
  if (!config.clsToken) return vitTrunk(params, config, tf.add(patches, table));
  const cls = tf.tile(params.cls_token as Tensor3D, [batch, 1, 1]);
  const tokens = vitTrunk(params, config, tf.add(tf.concat([cls, patches], 1), table));
  return tf.slice(tokens, [0, 1, 0], [-1, -1, -1]);
}
