import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { z } from "zod";
import type { VitArchitecture } from "../../src/common/catalogue/vitArchitecture";
import { floatValues, isFloat } from "../../src/common/formats/floatValues";
import type { SafetensorsTensor } from "../../src/common/formats/safetensors";
import type { TensorSource } from "../../src/common/formats/tensorSource";
import type { ResampleOptions } from "../../src/common/math/resample";
import { toNhwc } from "./arrays";

export type Tensors = ReadonlyMap<string, SafetensorsTensor>;

const Count = z.int().min(1);
const Limit = z.object({ atol: z.number(), rtol: z.number() });
const Side = z.union([Count, z.tuple([Count, Count])]).optional();

/** The families' manifests differ in what they call a width and in what they leave out. */
const Config = z.looseObject({
  patch_size: Count,
  embed_dim: Count.optional(),
  width: Count.optional(),
  depth: Count.optional(),
  layers: Count.optional(),
  num_heads: Count.optional(),
  heads: Count.optional(),
  mlp_ratio: z.number().default(4),
  norm_eps: z.number(),
  native_grid: Side,
  ckpt_grid: Side,
  input_resolution: Count.optional(),
  img_size: Count.optional(),
  cls_token: z.boolean().optional(),
  registers: z.int().min(0).optional(),
  layerscale: z.boolean().optional(),
  ffn: z.string().default("mlp"),
  act: z.string().default("gelu"),
  patch_bias: z.boolean().optional(),
  pre_norm: z.boolean().optional(),
  interpolate_offset: z.number().optional(),
  interpolate_antialias: z.boolean().optional(),
});

export const EncoderFamily = z.looseObject({
  family: z.enum(["dinov2", "dino", "mae", "mocov3", "clip", "ijepa"]),
});
export const EncoderManifest = EncoderFamily.extend({
  config: Config,
  tolerance: z.object({ outputs: Limit, posemb: Limit }),
  tensors: z.record(z.string(), z.looseObject({ role: z.string().optional() })),
});
export type EncoderManifest = z.infer<typeof EncoderManifest>;

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the manifest's config says nothing of ${what}`);
  return value;
}

export function find(tensors: Tensors, name: string): SafetensorsTensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`the fixture has no tensor "${name}"`);
  return tensor;
}

export function numbersOf(tensors: Tensors, name: string): ArrayLike<number> {
  const tensor = find(tensors, name);
  if (tensor.data instanceof BigInt64Array) throw new Error(`tensor "${name}" is ${tensor.dtype}`);
  return isFloat(tensor.dtype) ? floatValues("the fixture", name, tensor) : tensor.data;
}

/** Images [N, C, H, W] of the fixture as [B, H, W, C]. */
export function imagesOf(tensors: Tensors, name: string): Tensor4D {
  const [n = 0, c = 0, h = 0, w = 0] = find(tensors, name).shape;
  return tf.tensor4d(toNhwc(numbersOf(tensors, name), [n, c, h, w]), [n, h, w, c]);
}

/** Everything under a prefix, as a file of weights. */
export function sourceOf(tensors: Tensors, prefix: string): TensorSource {
  const own = new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
  return {
    name: `${prefix}*`,
    tensors: own,
    read: (name) => Promise.resolve(find(own, name)),
  };
}

/** "params." and each "hub.NAME." there is. */
export const namingsOf = (tensors: Tensors): string[] => [
  ...new Set([...tensors.keys()].flatMap((name) => /^(?:params|hub\.\w+)\./.exec(name) ?? [])),
];

/** Shape of the first tensor so named, for what a config leaves unsaid. */
function shapeLike(tensors: Tensors, pattern: RegExp): readonly number[] | undefined {
  const name = [...tensors.keys()].find((candidate) => pattern.test(candidate));
  return name === undefined ? undefined : tensors.get(name)?.shape;
}

const SECOND_LAYER = /\.(?:mlp\.(?:fc2|w3|c_proj|weights_out)|\d+\.output\.dense)\.weight$/;
const PATCH_BIAS = /\.(?:patch_embed\.proj|patch_embeddings\.projection)\.bias$/;

/** The architecture with its final norm, which class tokens pass in every family. */
export function architectureOf({ config }: EncoderManifest, tensors: Tensors): VitArchitecture {
  const width = need(config.embed_dim ?? config.width, "a width");
  const has = (pattern: RegExp) => shapeLike(tensors, pattern) !== undefined;
  const pixels = config.img_size ?? config.input_resolution;
  const grid = config.native_grid ?? config.ckpt_grid ?? (pixels ?? 0) / config.patch_size;
  const activation = config.ffn.startsWith("swiglu")
    ? "swiglu"
    : config.act === "quick_gelu"
      ? "quick-gelu"
      : "gelu";
  return {
    patch: config.patch_size,
    width,
    depth: need(config.depth ?? config.layers, "a depth"),
    heads: need(config.num_heads ?? config.heads, "heads"),
    mlp: { activation, hidden: shapeLike(tensors, SECOND_LAYER)?.[1] ?? config.mlp_ratio * width },
    grid: typeof grid === "number" ? grid : grid[0],
    clsToken: config.cls_token ?? has(/\.(?:cls_token|class_embedding)$/),
    registers: config.registers ?? shapeLike(tensors, /\.(?:reg_token|register_tokens)$/)?.[1] ?? 0,
    layerScale: config.layerscale ?? has(/\.(?:ls1\.gamma|layer_scale1\.lambda1)$/),
    patchBias: config.patch_bias ?? has(PATCH_BIAS),
    preNorm: config.pre_norm ?? has(/\.(?:norm_pre|ln_pre|pre_layrnorm)\.weight$/),
    normEps: config.norm_eps,
    finalNorm: true,
  };
}

/** How a position table gets to another grid: timm's way, or one of the ways REPA does not go. */
export function resampleLaw(
  law: string,
  native: number,
  [rows, columns]: readonly [number, number],
  offset = 0.1,
): ResampleOptions {
  if (law === "antialias") return { kind: "antialias" };
  if (law === "plain") return { kind: "plain" };
  if (law !== "legacy_offset") throw new Error(`no way of resampling is called "${law}"`);
  return { kind: "plain", step: [native / (rows + offset), native / (columns + offset)] };
}

/** What the official class does to a table by itself. */
export function classLaw({ config }: EncoderManifest): { law: string; offset: number } {
  const { interpolate_antialias: antialias = false, interpolate_offset: offset = 0.1 } = config;
  if (antialias && offset > 0) throw new Error("antialias with an offset is not known");
  return { law: antialias ? "antialias" : offset > 0 ? "legacy_offset" : "plain", offset };
}
