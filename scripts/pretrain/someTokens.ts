import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { TINY_VIT } from "../../src/common/catalogue/encoders";
import { vitTrunk } from "../../src/engine/models/vit";
import { xavierUniform } from "../../src/engine/nn/init";
import { linear } from "../../src/engine/nn/linear";
import type { ParamMap } from "../../src/engine/nn/params";
import { oneHotRows } from "./contrast";

/** Tokens of the patches at `kept` [K] alone: patches [B, T, 192] -> tokens [B, K, D], and those patches. */
export function someTokens(params: ParamMap, patches: Tensor3D, kept: readonly number[]) {
  const { width, grid } = TINY_VIT;
  const index = tf.tensor1d([...kept], "int32");
  const seen = tf.gather(patches, index, 1);
  const weight = tf.reshape(params["patch_embed.proj.weight"] as Tensor, [width, -1]);
  const bias = params["patch_embed.proj.bias"] as Tensor;
  const embedded = linear({ "embed.weight": weight, "embed.bias": bias }, "embed", seen);
  // a product with one-hot rows: the gradient of gather is missing on wasm
  const oneHot = oneHotRows(kept, grid * grid);
  const table: Tensor2D = tf.reshape(params.pos_embed as Tensor, [grid * grid, width]);
  const positions = tf.matMul(oneHot, table);
  return { seen, tokens: vitTrunk(params, TINY_VIT, tf.add<Tensor3D>(embedded, positions)) };
}

/** Weights of a linear map drawn from the seed, bias zero. */
export function addLinear(
  params: Record<string, Tensor>,
  scope: string,
  [inputs, outputs]: readonly [number, number],
  seed: number,
) {
  const values = xavierUniform({ seed, name: scope }, inputs * outputs, inputs, outputs);
  params[`${scope}.weight`] = tf.tensor2d(values, [outputs, inputs]);
  params[`${scope}.bias`] = tf.zeros([outputs]);
}
