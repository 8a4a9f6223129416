import * as tf from "@tensorflow/tfjs-core";
import type { Rank, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { Activation } from "../kernels/activation";
import { withRankOf } from "../kernels/ranks";
import { silu } from "./activations";
import { linear, linearChain, linearChunks } from "./linear";
import type { ParamMap } from "./params";

/** fc2(activation(fc1 x)) over the last axis. @source timm.layers.Mlp */
export const mlp = <R extends Rank>(
  params: ParamMap,
  scope: string,
  x: Tensor<R>,
  activation: Activation,
): Tensor<R> => linearChain(params, [`${scope}.fc1`, `${scope}.fc2`], x, { activation });

/** fc2(silu(gate) value) over the last axis, gate and value the halves of fc1 x. @source timm.layers.SwiGLUPacked */
export function swiglu<R extends Rank>(params: ParamMap, scope: string, x: Tensor<R>): Tensor<R> {
  const rows: Tensor2D = tf.reshape(x, [-1, x.shape.at(-1) ?? 0]);
  const { gate, value } = linearChunks(params, `${scope}.fc1`, rows, ["gate", "value"]);
  const out = linear(params, `${scope}.fc2`, tf.mul(silu(gate), value));
  return withRankOf(tf.reshape(out, [...x.shape.slice(0, -1), -1]), x);
}
