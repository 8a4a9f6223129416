import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D, Tensor3D, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatchColumns, type ColumnProgram } from "./columnPrograms";
import type { StudioDevice } from "./device";
import { moments } from "./layerNormProgram";
import type { Operation } from "./operation";
import { hasShape, requireFit } from "./requireFit";
import { dispatchRows, type RowProgram } from "./rowPrograms";

/** Weights and biases [D/H] of the two norms: the same for all heads. */
export type QkNormParams<T> = Readonly<Record<"qWeight" | "qBias" | "kWeight" | "kBias", T>>;

const PARAMS = ["qWeight", "qBias", "kWeight", "kBias"] as const;

type QkNormAttrs = Readonly<{ numHeads: number; eps: number }>;

/** A row is q, k or v of one head of one token, in the order of qkv [B, T, 3, H, D/H]: `part` is 0, 1 or 2. */
const PART = "let part = (row % (3u * uniforms.heads)) / uniforms.heads;";
const gain = "select(kWeight[i], qWeight[i], part == 0u)";
const offset = "select(kBias[i], qBias[i], part == 0u)";

const FORWARD: RowProgram = {
  name: "qk norm",
  wide: new Set(["normed", "x", ...PARAMS]),
  outputs: ["normed"],
  inputs: ["x", ...PARAMS],
  uniforms: { heads: "u32", eps: "f32" },
  body: (each) => `${PART}
${moments(each)}
${each(`let y = (x[at + i] - mean) * rstd * ${gain} + ${offset};
normed[at + i] = select(y, x[at + i], part == 2u);`)}`,
};

const GRAD_X: RowProgram = {
  name: "qk norm grad x",
  wide: new Set(["dx", "dy", "x", "qWeight", "kWeight"]),
  outputs: ["dx", "stats"],
  inputs: ["dy", "x", "qWeight", "kWeight"],
  uniforms: { heads: "u32", eps: "f32" },
  body: (each) => `${PART}
${moments(each)}
var sumDn = Number(); var sumDnN = Number();
${each(`let n = (x[at + i] - mean) * rstd; let dn = dy[at + i] * ${gain};
sumDn += dn; sumDnN += dn * n;`)}
let means = totalOf(vec2f(horizontal(sumDn), horizontal(sumDnN)), lane) / columns;
${each(`let n = (x[at + i] - mean) * rstd; let dn = dy[at + i] * ${gain};
dx[at + i] = select(rstd * (dn - means.x - n * means.y), dy[at + i], part == 2u);`)}
if (first) { stats[2u * row] = mean; stats[2u * row + 1u] = rstd; }`,
};

const sumsOf = PARAMS.map((name) => `${name}Sums`);

/** The gradients of weights and biases over some tokens: of many, so that there are enough threads. */
const GRAD_PARAMS: ColumnProgram = {
  name: "qk norm grad weights",
  narrow: new Set(["stats"]),
  outputs: sumsOf,
  inputs: ["dy", "x", "stats"],
  uniforms: { heads: "u32" },
  each: `${PART}
let slope = dy[at];
let scaled = slope * ((x[at] - stats[2u * row]) * stats[2u * row + 1u]);
if (part == 0u) { sum0 += scaled; sum1 += slope; }
if (part == 1u) { sum2 += scaled; sum3 += slope; }`,
  sums: sumsOf,
};

/** The same over all tokens. */
const TOTALS: ColumnProgram = {
  name: "qk norm grad weights, total",
  outputs: PARAMS,
  inputs: sumsOf,
  each: sumsOf.map((name, i) => `sum${i} += ${name}[at];`).join("\n"),
  sums: PARAMS,
};

/** Tokens whose gradients are added up at once, at least, and how many such parts there are, at most. */
const TOKENS_A_PART = 16;
const MOST_PARTS = 4096;

/** Tokens of a part: parts are equal, and none has tokens of two images. */
function tokensOfPart(batch: number, tokens: number): number {
  const least = Math.max(TOKENS_A_PART, Math.ceil((batch * tokens) / MOST_PARTS));
  for (let part = least; part < tokens; part++) if (tokens % part === 0) return part;
  return tokens;
}

function sizesOf({ shape: [batch = 0, tokens = 0, width3 = 0] }: TensorInfo, heads: number) {
  return { batch, tokens, width: width3 / 3, heads, headWidth: width3 / 3 / heads };
}

function fits(qkv: Tensor3D, params: QkNormParams<Tensor1D>, numHeads: number) {
  const { headWidth } = sizesOf(qkv, numHeads);
  return (
    Number.isInteger(headWidth) &&
    Object.values(params).every((vector) => hasShape(vector, headWidth))
  );
}

// ---- twins

type Part = "q" | "k" | "v";

/** q, k and v of qkv, a row for each head of each token: [B T H, D/H] each. */
function rowsOf(qkv: Tensor3D, numHeads: number): Record<Part, Tensor2D> {
  const { batch, tokens, width, headWidth } = sizesOf(qkv, numHeads);
  const rows: Tensor2D = tf.reshape(qkv, [batch * tokens, 3 * width]);
  const part = (i: number): Tensor2D =>
    tf.reshape(tf.slice(rows, [0, i * width], [batch * tokens, width]), [-1, headWidth]);
  return { q: part(0), k: part(1), v: part(2) };
}

/** `rowsOf`, the other way round. */
function packed({ q, k, v }: Record<Part, Tensor2D>, qkv: Tensor3D): Tensor3D {
  const [batch, tokens, width3] = qkv.shape;
  const wide = [q, k, v].map((rows) => tf.reshape(rows, [batch * tokens, width3 / 3]));
  return tf.reshape(tf.concat(wide, 1), qkv.shape);
}

/** Rows with zero mean and unit (biased) variance, and 1 / std: [N, d] -> [N, d], [N, 1]. */
function normalised(rows: Tensor2D, eps: number): { n: Tensor2D; rstd: Tensor2D } {
  const centred = tf.sub<Tensor2D>(rows, tf.mean(rows, 1, true));
  const rstd = tf.rsqrt<Tensor2D>(tf.add(tf.mean(tf.square(centred), 1, true), eps));
  return { n: tf.mul(centred, rstd), rstd };
}

/** Gradients of y = n weight + bias by the rows that n is made of, and by weight and bias. */
function normGradients(dy: Tensor2D, rows: Tensor2D, weight: Tensor1D, eps: number) {
  const { n, rstd } = normalised(rows, eps);
  const dn = tf.mul<Tensor2D>(dy, weight);
  const centred = tf.sub(dn, tf.mean(dn, 1, true));
  const along = tf.mean(tf.mul(dn, n), 1, true);
  return {
    dRows: tf.mul<Tensor2D>(rstd, tf.sub(centred, tf.mul(n, along))),
    dWeight: tf.sum<Tensor1D>(tf.mul(dy, n), 0),
    dBias: tf.sum<Tensor1D>(dy, 0),
  };
}

// ---- dispatches

/** [B, T, 3D] as rows of a head: B, T 3 H and D/H. */
const headRows = (qkv: TensorInfo, numHeads: number): [number, number, number] => {
  const { batch, tokens, heads, headWidth } = sizesOf(qkv, numHeads);
  return [batch, tokens * 3 * heads, headWidth];
};

/** Sums the gradients of weights and biases, in parts and then in all: always in the same order. */
function sumParams(
  device: StudioDevice,
  { dNormed, qkv, stats }: Readonly<Record<"dNormed" | "qkv" | "stats", TensorInfo>>,
  outputs: readonly TensorInfo[],
  numHeads: number,
): void {
  const { batch, tokens, heads, headWidth } = sizesOf(qkv, numHeads);
  const part = tokensOfPart(batch, tokens);
  const parts = (batch * tokens) / part;
  const sums = PARAMS.map(() => device.makeTensorInfo([parts, headWidth], "float32"));
  dispatchColumns(
    device,
    GRAD_PARAMS,
    [parts, part * 3 * heads, headWidth],
    { outputs: sums, inputs: [dNormed, qkv, stats] },
    [heads],
  );
  dispatchColumns(device, TOTALS, [1, parts, headWidth], { outputs, inputs: sums });
  for (const { dataId } of sums) device.disposeData(dataId);
}

/**
 * LayerNorm on the queries and keys of each head, before attention: qkv [B, T, 3D] -> [B, T, 3D] with v as it was, so
 * that attention reads one packed tensor.
 * @source timm.models.vision_transformer.Attention with qk_norm
 */
export const QkNorm: Operation<
  { qkv: Tensor3D } & QkNormParams<Tensor1D>,
  { normed: Tensor3D },
  QkNormAttrs
> = {
  name: "StudioQkNorm",
  outputShapes: { normed: "[B, T, 3D]" },
  check: ({ qkv, ...params }, { numHeads }) => {
    requireFit(fits(qkv, params, numHeads), `qk-norm with ${numHeads} heads`, { qkv, ...params });
  },
  twin: ({ qkv, qWeight, qBias, kWeight, kBias }, { numHeads, eps }) => {
    const { q, k, v } = rowsOf(qkv, numHeads);
    const norm = (rows: Tensor2D, weight: Tensor1D, bias: Tensor1D): Tensor2D =>
      tf.add(tf.mul(normalised(rows, eps).n, weight), bias);
    return { normed: packed({ q: norm(q, qWeight, qBias), k: norm(k, kWeight, kBias), v }, qkv) };
  },
  webgpu: (device, { qkv, ...params }, { numHeads, eps }) => {
    const normed = device.makeTensorInfo(qkv.shape, "float32");
    const inputs = [qkv, ...PARAMS.map((name) => params[name])];
    const operands = { outputs: [normed], inputs };
    dispatchRows(device, FORWARD, headRows(qkv, numHeads), operands, [numHeads, eps]);
    return { normed };
  },
};

/**
 * Gradient of QkNorm: dNormed [B, T, 3D], qkv [B, T, 3D]. The weights and biases are the parameters themselves: their
 * gradients are written to their places among the flat gradients, if they have them.
 */
export const QkNormGrad: Operation<
  { dNormed: Tensor3D; qkv: Tensor3D } & QkNormParams<Tensor1D>,
  { dQkv: Tensor3D } & QkNormParams<Tensor1D>,
  QkNormAttrs
> = {
  name: "StudioQkNormGrad",
  outputShapes: {
    dQkv: "[B, T, 3D]",
    qWeight: "[D/H]",
    qBias: "[D/H]",
    kWeight: "[D/H]",
    kBias: "[D/H]",
  },
  check: ({ dNormed, qkv, ...params }, { numHeads }) => {
    const fit = hasShape(dNormed, ...qkv.shape) && fits(qkv, params, numHeads);
    requireFit(fit, `gradient of qk-norm with ${numHeads} heads`, { dNormed, qkv, ...params });
  },
  twin: ({ dNormed, qkv, qWeight, kWeight }, { numHeads, eps }) => {
    const [rows, slopes] = [rowsOf(qkv, numHeads), rowsOf(dNormed, numHeads)];
    const ofQ = normGradients(slopes.q, rows.q, qWeight, eps);
    const ofK = normGradients(slopes.k, rows.k, kWeight, eps);
    return {
      dQkv: packed({ q: ofQ.dRows, k: ofK.dRows, v: slopes.v }, qkv),
      qWeight: ofQ.dWeight,
      qBias: ofQ.dBias,
      kWeight: ofK.dWeight,
      kBias: ofK.dBias,
    };
  },
  webgpu: (device, { dNormed, qkv, ...params }, { numHeads, eps }) => {
    const { batch, tokens, heads } = sizesOf(qkv, numHeads);
    const dQkv = device.makeTensorInfo(qkv.shape, "float32");
    const stats = device.makeTensorInfo([batch * tokens * 3 * heads, 2], "float32");
    const operands = {
      outputs: [dQkv, stats],
      inputs: [dNormed, qkv, params.qWeight, params.kWeight],
    };
    dispatchRows(device, GRAD_X, headRows(qkv, numHeads), operands, [numHeads, eps]);
    const gradients = {
      qWeight: device.gradientOf(params.qWeight),
      qBias: device.gradientOf(params.qBias),
      kWeight: device.gradientOf(params.kWeight),
      kBias: device.gradientOf(params.kBias),
    };
    const outputs = PARAMS.map((name) => gradients[name]);
    sumParams(device, { dNormed, qkv, stats }, outputs, numHeads);
    device.disposeData(stats.dataId);
    return { dQkv, ...gradients };
  },
};
