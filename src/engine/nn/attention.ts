import type { Tensor1D, Tensor3D } from "@tensorflow/tfjs-core";
import { Attention, AttentionGrad } from "../kernels/attentionOp";
import { run } from "../kernels/operation";
import { QkNorm, QkNormGrad, type QkNormParams } from "../kernels/qkNormOp";
import { customOp } from "./customOp";
import { linear } from "./linear";
import { vector, type ParamMap } from "./params";

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

const qkNormParams = (params: ParamMap, scope: string): QkNormParams<Tensor1D> => ({
  qWeight: vector(params, `${scope}.q_norm.weight`),
  qBias: vector(params, `${scope}.q_norm.bias`),
  kWeight: vector(params, `${scope}.k_norm.weight`),
  kBias: vector(params, `${scope}.k_norm.bias`),
});

/**
 * The same with LayerNorm on the queries and keys of each head. The normalised ones are computed again in the backward
 * pass: that costs one pass over qkv, and keeping them as much memory as qkv.
 */
function normedAttention(qkv: Tensor3D, norms: QkNormParams<Tensor1D>, numHeads: number): Tensor3D {
  const attrs = { numHeads, eps: QK_NORM_EPS };
  return customOp({
    inputs: { qkv, ...norms },
    forward: (given) => {
      const { normed } = run(QkNorm, given, attrs);
      const { out, logSumExp } = run(Attention, { qkv: normed }, { numHeads });
      normed.dispose();
      return { value: out, saved: { ...given, out, logSumExp } };
    },
    backward: (dOut, { out, logSumExp, ...given }) => {
      const { normed } = run(QkNorm, given, attrs);
      const ofAttention = { qkv: normed, out, logSumExp, dOut };
      const { dQkv: dNormed } = run(AttentionGrad, ofAttention, { numHeads });
      normed.dispose();
      const { dQkv, ...dNorms } = run(QkNormGrad, { dNormed, ...given }, attrs);
      return { qkv: dQkv, ...dNorms };
    },
  });
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
    ? normedAttention(qkv, qkNormParams(params, scope), numHeads)
    : packedAttention(qkv, numHeads);
  return linear(params, `${scope}.proj`, joined);
}
