import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { VitArchitecture } from "../../common/catalogue/vitArchitecture";
import { normalInit, xavierUniform } from "../nn/init";
import type { ParamMap } from "../nn/params";

type Shapes = Map<string, readonly number[]>;

const IMAGE_CHANNELS = 3;
/** @source timm: trunc_normal_(std=.02) for tokens and positions; the cut at two deviations is left out here */
const TOKEN_STD = 0.02;

function addLinear(shapes: Shapes, scope: string, inputs: number, outputs: number) {
  shapes.set(`${scope}.weight`, [outputs, inputs]);
  shapes.set(`${scope}.bias`, [outputs]);
}

function addNorm(shapes: Shapes, scope: string, width: number) {
  shapes.set(`${scope}.weight`, [width]);
  shapes.set(`${scope}.bias`, [width]);
}

function addBlock(shapes: Shapes, scope: string, { width, mlp, layerScale }: VitArchitecture) {
  addNorm(shapes, `${scope}.norm1`, width);
  addLinear(shapes, `${scope}.attn.qkv`, width, 3 * width);
  addLinear(shapes, `${scope}.attn.proj`, width, width);
  addNorm(shapes, `${scope}.norm2`, width);
  addLinear(shapes, `${scope}.mlp.fc1`, width, (mlp.activation === "swiglu" ? 2 : 1) * mlp.hidden);
  addLinear(shapes, `${scope}.mlp.fc2`, mlp.hidden, width);
  if (!layerScale) return;
  shapes.set(`${scope}.ls1.gamma`, [width]);
  shapes.set(`${scope}.ls2.gamma`, [width]);
}

/** Name and shape of every parameter the forward pass reads, under timm's names (see models/vit.ts). */
export function vitShapes(config: VitArchitecture): ReadonlyMap<string, readonly number[]> {
  const { width, patch, grid } = config;
  const shapes: Shapes = new Map();
  if (config.clsToken) shapes.set("cls_token", [1, 1, width]);
  if (config.registers > 0) shapes.set("reg_token", [1, config.registers, width]);
  shapes.set("pos_embed", [1, grid * grid + (config.clsToken ? 1 : 0), width]);
  shapes.set("patch_embed.proj.weight", [width, IMAGE_CHANNELS, patch, patch]);
  if (config.patchBias) shapes.set("patch_embed.proj.bias", [width]);
  if (config.preNorm) addNorm(shapes, "norm_pre", width);
  for (let index = 0; index < config.depth; index++) addBlock(shapes, `blocks.${index}`, config);
  if (config.finalNorm) addNorm(shapes, "norm", width);
  return shapes;
}

/** Norms and layer scales at identity, other biases zero, tokens and positions N(0, 0.02), weights Xavier uniform. */
export function initialVitValues(
  seed: number,
  name: string,
  shape: readonly number[],
): Float32Array {
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (name.endsWith("_token") || name === "pos_embed") {
    return normalInit({ seed, name }, count, TOKEN_STD);
  }
  if (name.endsWith(".bias")) return new Float32Array(count);
  if (shape.length === 1) return new Float32Array(count).fill(1);
  const outputs = shape[0] ?? 1;
  return xavierUniform({ seed, name }, count, count / outputs, outputs);
}

/** Fresh parameters; the same seed gives the same bits. The caller disposes them. */
export function initVit(config: VitArchitecture, seed: number): ParamMap {
  const params: Record<string, Tensor> = {};
  for (const [name, shape] of vitShapes(config)) {
    params[name] = tf.tensor(initialVitValues(seed, name, shape), [...shape]);
  }
  return params;
}
