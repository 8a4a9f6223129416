import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { dispatchColumns, type ColumnProgram } from "./columnPrograms";
import { hasShape, requireFit } from "./requireFit";
import type { NoAttrs, Operation } from "./operation";
import { overTokens } from "./overTokens";
import type { ComputeProgram } from "./program";

/** Tokens a thread goes through with the same gate. */
const TOKENS_A_THREAD = 8;
const COLUMNS_A_GROUP = 32;

/** A thread takes one column of a few tokens. No sums, so one text for every kind of adapter. */
function forwardProgram(byFour: boolean): ComputeProgram {
  const number = byFour ? "vec4f" : "f32";
  return {
    name: "gated residual",
    variant: number,
    workgroupSize: [COLUMNS_A_GROUP, 1, 1],
    outputs: { y: number },
    inputs: { x: number, gate: number, update: number },
    uniforms: { tokens: "u32", width: "u32" },
    body: `
let width = uniforms.width${byFour ? " / 4u" : ""};
let column = global.x;
if (column >= width) { return; }
let batch = group.z;
let factor = gate[batch * width + column];
let start = group.y * ${TOKENS_A_THREAD}u;
for (var token = start; token < min(start + ${TOKENS_A_THREAD}u, uniforms.tokens); token++) {
  let at = (batch * uniforms.tokens + token) * width + column;
  y[at] = x[at] + factor * update[at];
}`,
  };
}

const GRAD: ColumnProgram = {
  name: "gated residual grad",
  outputs: ["dUpdate", "dGate"],
  inputs: ["dy", "gate", "update"],
  before: "let factor = gate[ofBatch];",
  each: `let slope = dy[at];
sum0 += slope * update[at];
if (live) { dUpdate[at] = factor * slope; }`,
  sums: ["dGate"],
};

/** y = x + gate update: x [B, T, D], gate [B, D], update [B, T, D]; B at most 65535. */
export const GatedResidual: Operation<
  { x: Tensor3D; gate: Tensor2D; update: Tensor3D },
  { y: Tensor3D },
  NoAttrs
> = {
  name: "StudioGatedResidual",
  outputShapes: { y: "[B, T, D]" },
  check: ({ x, gate, update }) => {
    const fits = hasShape(update, ...x.shape) && hasShape(gate, x.shape[0], x.shape[2]);
    requireFit(fits, "gated residual", { x, gate, update });
  },
  twin: ({ x, gate, update }) => ({ y: tf.add(x, tf.mul(overTokens(gate), update)) }),
  webgpu: (device, { x, gate, update }) => {
    const [batches = 0, tokens = 0, width = 0] = x.shape;
    const byFour = width % 4 === 0;
    const y = device.makeTensorInfo([batches, tokens, width], "float32");
    device.dispatch(forwardProgram(byFour), {
      outputs: [y],
      inputs: [x, gate, update],
      uniforms: [tokens, width],
      workgroups: [
        Math.ceil((byFour ? width / 4 : width) / COLUMNS_A_GROUP),
        Math.ceil(tokens / TOKENS_A_THREAD),
        batches,
      ],
    });
    return { y };
  },
};

/**
 * Gradients of the gated residual; that of x is dy itself. dUpdate = gate dy, dGate = sum over T of dy update:
 * dy [B, T, D], gate [B, D], update [B, T, D].
 */
export const GatedResidualGrad: Operation<
  { dy: Tensor3D; gate: Tensor2D; update: Tensor3D },
  { dUpdate: Tensor3D; dGate: Tensor2D },
  NoAttrs
> = {
  name: "StudioGatedResidualGrad",
  outputShapes: { dUpdate: "[B, T, D]", dGate: "[B, D]" },
  check: ({ dy, gate, update }) => {
    const fits = hasShape(dy, ...update.shape) && hasShape(gate, dy.shape[0], dy.shape[2]);
    requireFit(fits, "gradient of gated residual", { dy, gate, update });
  },
  twin: ({ dy, gate, update }) => ({
    dUpdate: tf.mul(overTokens(gate), dy),
    dGate: tf.sum(tf.mul(dy, update), 1),
  }),
  webgpu: (device, { dy, gate, update }) => {
    const [batches = 0, tokens = 0, width = 0] = dy.shape;
    const dUpdate = device.makeTensorInfo([batches, tokens, width], "float32");
    const dGate = device.makeTensorInfo([batches, width], "float32");
    const operands = { outputs: [dUpdate, dGate], inputs: [dy, gate, update] };
    dispatchColumns(device, GRAD, [batches, tokens, width], operands);
    return { dUpdate, dGate };
  },
};
