/**
 * SiT with its projector in jax-js, layer for layer as src/engine/models/sit.ts and src/engine/models/projector.ts.
 * jax-js counts references: a function consumes its arguments, `.ref` keeps one for another use.
 */
import { nn, numpy as np } from "@jax-js/jax";
import type { TransformerShape } from "../../src/engine/models/transformer";

/** A type alias, because jax-js' trees take no interfaces. */
export type Params = Record<string, np.Array>;

const NORM_EPS = 1e-6;

/** One entry of the map, consumed by its next use. */
export function entry(params: Params, name: string): np.Array {
  const value = params[name];
  if (!value) throw new Error(`The parameter "${name}" is missing.`);
  return value;
}

/** The same for another use. */
const param = (params: Params, name: string): np.Array => entry(params, name).ref;

/** x [N, in] -> [N, out] with `${scope}.weight` [out, in]. */
const linear = (params: Params, scope: string, x: np.Array): np.Array =>
  np.matmul(x, np.transpose(param(params, `${scope}.weight`))).add(param(params, `${scope}.bias`));

/** Over the last axis, without affine parameters. */
function layerNorm(x: np.Array): np.Array {
  const centred = x.ref.sub(x.mean(-1, { keepdims: true }));
  const variance = np.square(centred.ref).mean(-1, { keepdims: true });
  return centred.mul(np.reciprocal(np.sqrt(variance.add(NORM_EPS))));
}

/** `count` vectors [B, 1, D] of c [B, D], which stays the caller's. */
function adaLn(params: Params, scope: string, c: np.Array, count: number): np.Array[] {
  const [batch = 1] = c.shape;
  const all = linear(params, `${scope}.adaLN_modulation.1`, c.ref);
  return np.split(all.reshape([batch, 1, -1]), count, 2);
}

/** x [B, T, D] (1 + scale) + shift. */
const modulate = (x: np.Array, shift: np.Array, scale: np.Array): np.Array =>
  x.mul(scale.add(1)).add(shift);

/** `linear` on tokens [B, T, in]. */
function tokenLinear(params: Params, scope: string, x: np.Array): np.Array {
  const [batch = 1, tokens = 1, width = 1] = x.shape;
  return linear(params, scope, x.reshape([batch * tokens, width])).reshape([batch, tokens, -1]);
}

/** Written out: nn.dotProductAttention needs iterator helpers, which Node 20 lacks. */
function attention(params: Params, scope: string, x: np.Array, numHeads: number): np.Array {
  const [batch = 1, tokens = 1, width = 1] = x.shape;
  const headWidth = width / numHeads;
  const qkv = tokenLinear(params, `${scope}.qkv`, x);
  const [q, k, v] = np
    .split(qkv, 3, 2)
    .map((part) => part.reshape([batch, tokens, numHeads, headWidth])) as Three;
  const queries = q.mul(headWidth ** -0.5).transpose([0, 2, 1, 3]); // [B, H, T, d]
  const scores = np.matmul(queries, k.transpose([0, 2, 3, 1])); // [B, H, T, T]
  const mixed = np.matmul(nn.softmax(scores, -1), v.transpose([0, 2, 1, 3])); // [B, H, T, d]
  const joined = mixed.transpose([0, 2, 1, 3]).reshape([batch, tokens, width]);
  return tokenLinear(params, `${scope}.proj`, joined);
}

type Three = [np.Array, np.Array, np.Array];
type Six = [...Three, ...Three];

/** One block: x [B, T, D] is consumed, c [B, D] is not. */
function block(
  params: Params,
  scope: string,
  x: np.Array,
  c: np.Array,
  numHeads: number,
): np.Array {
  const [shiftMsa, scaleMsa, gateMsa, shiftMlp, scaleMlp, gateMlp] = adaLn(
    params,
    scope,
    c,
    6,
  ) as Six;
  const toMix = modulate(layerNorm(x.ref), shiftMsa, scaleMsa);
  const mixed = attention(params, `${scope}.attn`, toMix, numHeads);
  const between = x.add(gateMsa.mul(mixed));
  const toMap = modulate(layerNorm(between.ref), shiftMlp, scaleMlp);
  const inner = nn.gelu(tokenLinear(params, `${scope}.mlp.fc1`, toMap), { approximate: true });
  return between.add(gateMlp.mul(tokenLinear(params, `${scope}.mlp.fc2`, inner)));
}

/** Patches of x [B, H, W, C] as [B T, C p p], channel slowest. */
function patchify(x: np.Array, patch: number): np.Array {
  const [batch = 1, height = 1, width = 1, channels = 1] = x.shape;
  const [rows, columns] = [height / patch, width / patch];
  return x
    .reshape([batch, rows, patch, columns, patch, channels])
    .transpose([0, 1, 3, 5, 2, 4])
    .reshape([batch * rows * columns, channels * patch * patch]);
}

/** Tokens [B, T, p p C], channel fastest, as [B, H, W, C]. */
function unpatchify(
  tokens: np.Array,
  { inputSide, patchSize, inChannels }: TransformerShape,
): np.Array {
  const [batch = 1] = tokens.shape;
  const side = inputSide / patchSize;
  return tokens
    .reshape([batch, side, side, patchSize, patchSize, inChannels])
    .transpose([0, 1, 3, 2, 4, 5])
    .reshape([batch, inputSide, inputSide, inChannels]);
}

export interface SiTInputs {
  /** [B, H, W, C] */
  readonly xt: np.Array;
  /** Sinusoidal features of t, [B, F]: made on the CPU, as in src/engine/nn/embedders.ts. */
  readonly timeFeatures: np.Array;
  /** [B, classes + 1] */
  readonly oneHotLabels: np.Array;
  /** [1, T, D], fixed. */
  readonly positions: np.Array;
}

/** Velocity [B, H, W, C] and projected tokens [B, T, Z] of the block `encoderDepth`. Consumes the inputs. */
export function sitForward(
  params: Params,
  shape: TransformerShape,
  { xt, timeFeatures, oneHotLabels, positions }: SiTInputs,
  encoderDepth: number,
): { velocity: np.Array; projected: np.Array } {
  const [batch = 1] = xt.shape;
  const { width, patchSize, depth, numHeads } = shape;
  const patchWeight = param(params, "x_embedder.proj.weight").reshape([width, -1]);
  let tokens = np
    .matmul(patchify(xt, patchSize), np.transpose(patchWeight))
    .add(param(params, "x_embedder.proj.bias"))
    .reshape([batch, -1, width])
    .add(positions);
  const time = nn.silu(linear(params, "t_embedder.mlp.0", timeFeatures));
  const label = np.matmul(oneHotLabels, param(params, "y_embedder.embedding_table.weight"));
  const c = nn.silu(linear(params, "t_embedder.mlp.2", time).add(label));
  let tapped: np.Array | undefined;
  for (let i = 0; i < depth; i++) {
    tokens = block(params, `blocks.${i}`, tokens, c, numHeads);
    if (i + 1 === encoderDepth) tapped = tokens.ref;
  }
  const [shift, scale] = adaLn(params, "final_layer", c, 2) as [np.Array, np.Array];
  c.dispose();
  const patches = tokenLinear(
    params,
    "final_layer.linear",
    modulate(layerNorm(tokens), shift, scale),
  );
  if (!tapped) throw new Error(`Block ${encoderDepth} does not exist.`);
  const first = nn.silu(tokenLinear(params, "projectors.0.0", tapped));
  const second = nn.silu(tokenLinear(params, "projectors.0.2", first));
  return {
    velocity: unpatchify(patches, shape),
    projected: tokenLinear(params, "projectors.0.4", second),
  };
}
