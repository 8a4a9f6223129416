import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D } from "@tensorflow/tfjs-core";
import { Attention, AttentionGrad } from "../kernels/attentionOp";
import { run } from "../kernels/operation";
import { customOp } from "./customOp";
import { layerNormAffine } from "./layerNorm";
import { linear } from "./linear";
import type { ParamMap } from "./params";

export interface AttentionOptions {
  readonly numHeads: number;
  /** LayerNorm on the queries and keys of each head (`${scope}.q_norm`, `.k_norm`), eps 1e-5. */
  readonly qkNorm?: boolean;
}

/** timm's Attention is built with nn.LayerNorm's own eps, unlike the blocks' norms (1e-6). */
const QK_NORM_EPS = 1e-5;

/** Attention on packed qkv [B, T, 3D] -> [B, T, D], one operation that keeps no scores. */
const packedAttention = (qkv: Tensor3D, numHeads: number): Tensor3D =>
  customOp({
    inputs: { qkv },
    forward: ({ qkv }) => {
      const { out, logSumExp } = run(Attention, { qkv }, { numHeads });
      return { value: out, saved: { qkv, out, logSumExp } };
    },
    backward: (dOut, saved) => {
      const { dQkv } = run(AttentionGrad, { ...saved, dOut }, { numHeads });
      return { qkv: dQkv };
    },
  });

/** The same with LayerNorm on the queries and keys of each head, in plain tfjs: qk-norm has no kernel of its own. */
function normedAttention(
  params: ParamMap,
  scope: string,
  qkv: Tensor3D,
  numHeads: number,
): Tensor3D {
  const [batch, tokens, width3] = qkv.shape;
  const width = width3 / 3;
  const headWidth = width / numHeads;
  const packed = tf.reshape(qkv, [batch * tokens, width3]);
  const heads = (part: number): Tensor3D => {
    const rows = tf.slice(packed, [0, part * width], [batch * tokens, width]);
    const split = tf.reshape(rows, [batch, tokens, numHeads, headWidth]); // [B, T, H, d]
    return tf.reshape(tf.transpose(split, [0, 2, 1, 3]), [batch * numHeads, tokens, headWidth]);
  };
  const norm = (name: string, tensor: Tensor3D): Tensor3D =>
    layerNormAffine(params, `${scope}.${name}`, tensor, QK_NORM_EPS);
  const q = tf.mul<Tensor3D>(norm("q_norm", heads(0)), headWidth ** -0.5);
  const weights = tf.softmax(tf.matMul(q, norm("k_norm", heads(1)), false, true)); // [B H, T, T]
  const mixed = tf.reshape(tf.matMul(weights, heads(2)), [batch, numHeads, tokens, headWidth]);
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, width]);
}

/**
 * Multi-head self-attention on tokens: x [B, T, D] -> [B, T, D].
 * Reads `${scope}.qkv` [3D, D] (rows q, k, v; each split as heads x head width) and `${scope}.proj`.
 * @source timm.models.vision_transformer.Attention, unfused path
 */
export function attention(
  params: ParamMap,
  scope: string,
  x: Tensor3D,
  { numHeads, qkNorm = false }: AttentionOptions,
): Tensor3D {
  const qkv = linear(params, `${scope}.qkv`, x); // [B, T, 3D]
  const joined = qkNorm
    ? normedAttention(params, scope, qkv, numHeads)
    : packedAttention(qkv, numHeads);
  return linear(params, `${scope}.proj`, joined);
}
