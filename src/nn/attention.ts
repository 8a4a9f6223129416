import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D } from "@tensorflow/tfjs-core";
import { layerNormAffine } from "./layerNorm";
import { linear } from "./linear";
import type { ParamMap } from "./params";

export interface AttentionOptions {
  readonly numHeads: number;
  /** LayerNorm on queries and keys a head (`${scope}.q_norm`, `.k_norm`), eps 1e-5. */
  readonly qkNorm?: boolean;
}

/** timm's Attention is built with nn.LayerNorm's own eps, unlike the blocks' norms (1e-6). */
const QK_NORM_EPS = 1e-5;

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
  const [batch, tokens, width] = x.shape;
  const headWidth = width / numHeads;
  const qkv = tf.reshape(linear(params, `${scope}.qkv`, x), [batch * tokens, 3 * width]);
  const heads = (part: number): Tensor3D => {
    const rows = tf.slice(qkv, [0, part * width], [batch * tokens, width]);
    const split = tf.reshape(rows, [batch, tokens, numHeads, headWidth]); // [B, T, H, d]
    return tf.reshape(tf.transpose(split, [0, 2, 1, 3]), [batch * numHeads, tokens, headWidth]);
  };
  const norm = (name: string, tensor: Tensor3D): Tensor3D =>
    qkNorm
      ? (layerNormAffine(params, `${scope}.${name}`, tensor, QK_NORM_EPS) as Tensor3D)
      : tensor;
  const q = tf.mul<Tensor3D>(norm("q_norm", heads(0)), headWidth ** -0.5);
  const k = norm("k_norm", heads(1));
  const weights = tf.softmax(tf.matMul(q, k, false, true)); // [B H, T, T]
  const mixed = tf.reshape(tf.matMul(weights, heads(2)), [batch, numHeads, tokens, headWidth]);
  const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, width]);
  return linear(params, `${scope}.proj`, joined) as Tensor3D;
}
