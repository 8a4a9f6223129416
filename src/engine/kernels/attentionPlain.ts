import { ATTENTION_UNIFORMS, type AttentionSide } from "./attentionFrame";
import { FLAT_GROUP, type ComputeProgram } from "./program";

/** Rows of a workgroup, a thread each. */
export const PLAIN_ROWS = 64;

/** The head width is a uniform, so that one program serves all heads that fit no tile. */
const UNIFORMS: ComputeProgram["uniforms"] = {
  ...ATTENTION_UNIFORMS,
  headWidth: "u32",
  scale: "f32",
};

const PLACE = `
let block = ${FLAT_GROUP};
let tokens = uniforms.tokens;
let d = uniforms.headWidth;
let sequence = block / uniforms.rowBlocks;
let row = (block % uniforms.rowBlocks) * ${PLAIN_ROWS}u + lane;
if (block >= uniforms.blocks || row >= tokens) { return; }
let batch = sequence / uniforms.heads;
let head = sequence % uniforms.heads;
let width = uniforms.heads * d;
let packed = batch * tokens * 3u * width + head * d;
let joined = batch * tokens * width + head * d;
let queries = packed; let keys = packed + width; let values = packed + 2u * width;`;

/** WGSL: the sum over a head's width of a product that may use `c`. */
const dot = (name: string, product: string) =>
  `var ${name} = 0.0; for (var c = 0u; c < d; c++) { ${name} += ${product}; }`;

/** attentionForward.ts for heads that fit no tile: a thread a query, its sums in the output's memory. */
export const PLAIN_FORWARD: ComputeProgram = {
  name: "attention",
  variant: "plain",
  workgroupSize: [PLAIN_ROWS, 1, 1],
  outputs: { out: "f32", logSumExp: "f32" },
  inputs: { qkv: "f32" },
  uniforms: UNIFORMS,
  body: `${PLACE}
let q = queries + row * 3u * width; let mixed = joined + row * width;
for (var c = 0u; c < d; c++) { out[mixed + c] = 0.0; }
var most = -1e30; var total = 0.0;
for (var other = 0u; other < tokens; other++) {
  let k = keys + other * 3u * width; let v = values + other * 3u * width;
  ${dot("score", "qkv[q + c] * qkv[k + c]")}
  score *= uniforms.scale;
  let next = max(most, score);
  let fade = exp(most - next); let weight = exp(score - next);
  most = next; total = total * fade + weight;
  for (var c = 0u; c < d; c++) { out[mixed + c] = out[mixed + c] * fade + weight * qkv[v + c]; }
}
for (var c = 0u; c < d; c++) { out[mixed + c] /= total; }
logSumExp[sequence * tokens + row] = most + log(total);`,
};

const PLAIN_QUERY: ComputeProgram = {
  name: "attention grad q",
  variant: "plain",
  workgroupSize: [PLAIN_ROWS, 1, 1],
  outputs: { dQkv: "f32", delta: "f32" },
  inputs: { qkv: "f32", dOut: "f32", logSumExp: "f32", out: "f32" },
  uniforms: UNIFORMS,
  body: `${PLACE}
let q = queries + row * 3u * width; let o = joined + row * width;
let log = logSumExp[sequence * tokens + row];
${dot("ofRow", "dOut[o + c] * out[o + c]")}
for (var c = 0u; c < d; c++) { dQkv[q + c] = 0.0; }
for (var other = 0u; other < tokens; other++) {
  let k = keys + other * 3u * width; let v = values + other * 3u * width;
  ${dot("score", "qkv[q + c] * qkv[k + c]")}
  ${dot("gain", "dOut[o + c] * qkv[v + c]")}
  let dScore = exp(score * uniforms.scale - log) * (gain - ofRow) * uniforms.scale;
  for (var c = 0u; c < d; c++) { dQkv[q + c] += dScore * qkv[k + c]; }
}
delta[sequence * tokens + row] = ofRow;`,
};

const PLAIN_KEY: ComputeProgram = {
  name: "attention grad kv",
  variant: "plain",
  workgroupSize: [PLAIN_ROWS, 1, 1],
  outputs: { dQkv: "f32" },
  inputs: { qkv: "f32", dOut: "f32", logSumExp: "f32", delta: "f32" },
  uniforms: UNIFORMS,
  body: `${PLACE}
let k = keys + row * 3u * width; let v = values + row * 3u * width;
for (var c = 0u; c < d; c++) { dQkv[k + c] = 0.0; dQkv[v + c] = 0.0; }
for (var other = 0u; other < tokens; other++) {
  let q = queries + other * 3u * width; let o = joined + other * width;
  let ofOther = sequence * tokens + other;
  ${dot("score", "qkv[q + c] * qkv[k + c]")}
  ${dot("gain", "dOut[o + c] * qkv[v + c]")}
  let weight = exp(score * uniforms.scale - logSumExp[ofOther]);
  let dScore = weight * (gain - delta[ofOther]) * uniforms.scale;
  for (var c = 0u; c < d; c++) {
    dQkv[k + c] += dScore * qkv[q + c];
    dQkv[v + c] += weight * dOut[o + c];
  }
}`,
};

/** attentionBackward.ts for heads that fit no tile. */
export const PLAIN_BACKWARD: Readonly<Record<AttentionSide, ComputeProgram>> = {
  query: PLAIN_QUERY,
  key: PLAIN_KEY,
};
