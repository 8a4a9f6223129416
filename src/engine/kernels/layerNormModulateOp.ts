import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor3D, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatchColumns, type ColumnProgram } from "./columnPrograms";
import { layerNormProgram } from "./layerNormProgram";
import { hasShape, requireFit } from "./requireFit";
import type { NoAttrs, Operation } from "./operation";
import { overTokens } from "./overTokens";
import { named } from "./named";
import { dispatchRows, type RowProgram } from "./rowPrograms";

const FORWARD = layerNormProgram({
  variant: "modulate",
  vectors: ["shift", "scale"],
  gain: "(1.0 + scale[ofBatch + i])",
  offset: "shift[ofBatch + i]",
  stats: true,
});

const GRAD_X: RowProgram = {
  name: "layerNorm grad x",
  wide: new Set(["dx", "dy", "x", "scale"]),
  outputs: ["dx"],
  inputs: ["dy", "x", "stats", "scale"],
  uniforms: {},
  body: (each) => `
let mean = stats[2u * row]; let rstd = stats[2u * row + 1u];
var sumDn = Number(); var sumDnN = Number();
${each(`let n = (x[at + i] - mean) * rstd; let dn = dy[at + i] * (1.0 + scale[ofBatch + i]);
sumDn += dn; sumDnN += dn * n;`)}
let means = totalOf(vec2f(horizontal(sumDn), horizontal(sumDnN)), lane) / columns;
${each(`let n = (x[at + i] - mean) * rstd; let dn = dy[at + i] * (1.0 + scale[ofBatch + i]);
dx[at + i] = rstd * (dn - means.x - n * means.y);`)}`,
};

const GRAD_MOD: ColumnProgram = {
  name: "layerNorm grad modulation",
  narrow: new Set(["stats"]),
  outputs: ["dShift", "dScale"],
  inputs: ["dy", "x", "stats"],
  each: `let slope = dy[at];
sum0 += slope; sum1 += slope * ((x[at] - stats[2u * row]) * stats[2u * row + 1u]);`,
  sums: ["dShift", "dScale"],
};

type Shape3D = readonly [number, number, number];
const sides = ({ shape: [batches = 0, tokens = 0, width = 0] }: TensorInfo): Shape3D => [
  batches,
  tokens,
  width,
];

/** (x - mean) rstd from x [B, T, D] and what the forward operation kept of it, stats [B, T, 2]. */
function normalised(x: Tensor3D, stats: Tensor3D): { n: Tensor3D; rstd: Tensor3D } {
  const { mean, rstd } = named(["mean", "rstd"], tf.split<Tensor3D>(stats, 2, 2));
  return { n: tf.mul(tf.sub(x, mean), rstd), rstd };
}

/**
 * adaLN: y = (x - mean) rstd (1 + scale) + shift, over the last axis, with biased variance.
 * x [B, T, D], shift [B, D], scale [B, D]. `stats` is mean and rstd = 1/std of each token.
 * @source SiT's modulate(norm(x), shift, scale) with a LayerNorm without affine parameters
 */
export const LayerNormModulate: Operation<
  { x: Tensor3D; shift: Tensor2D; scale: Tensor2D },
  { y: Tensor3D; stats: Tensor3D },
  { eps: number }
> = {
  name: "StudioLayerNormModulate",
  outputShapes: { y: "[B, T, D]", stats: "[B, T, 2]" },
  check: ({ x, shift, scale }) => {
    const [batches, , width] = x.shape;
    const fits = hasShape(shift, batches, width) && hasShape(scale, batches, width);
    requireFit(fits, "LayerNorm with modulation", { x, shift, scale });
  },
  twin: ({ x, shift, scale }, { eps }) => {
    const mean = tf.mean<Tensor3D>(x, 2, true);
    const centred = tf.sub<Tensor3D>(x, mean);
    const rstd = tf.rsqrt<Tensor3D>(tf.add(tf.mean(tf.square(centred), 2, true), eps));
    const n = tf.mul(centred, rstd);
    const y: Tensor3D = tf.add(tf.mul(n, tf.add(overTokens(scale), 1)), overTokens(shift));
    return { y, stats: tf.concat([mean, rstd], 2) };
  },
  webgpu: (device, { x, shift, scale }, { eps }) => {
    const shape = sides(x);
    const y = device.makeTensorInfo([...shape], "float32");
    const stats = device.makeTensorInfo([shape[0], shape[1], 2], "float32");
    const operands = { outputs: [y, stats], inputs: [x, shift, scale] };
    dispatchRows(device, FORWARD, shape, operands, [eps]);
    return { y, stats };
  },
};

/**
 * dx of LayerNormModulate: dn = dy (1 + scale), dx = rstd (dn - mean(dn) - n mean(dn n)), means over D.
 * dy [B, T, D], x [B, T, D], stats [B, T, 2], scale [B, D].
 */
export const LayerNormModulateGradX: Operation<
  { dy: Tensor3D; x: Tensor3D; stats: Tensor3D; scale: Tensor2D },
  { dx: Tensor3D },
  NoAttrs
> = {
  name: "StudioLayerNormModulateGradX",
  outputShapes: { dx: "[B, T, D]" },
  check: ({ dy, x, stats, scale }) => {
    const [batches, tokens, width] = x.shape;
    const fits =
      hasShape(dy, ...x.shape) &&
      hasShape(stats, batches, tokens, 2) &&
      hasShape(scale, batches, width);
    requireFit(fits, "gradient of LayerNorm", { dy, x, stats, scale });
  },
  twin: ({ dy, x, stats, scale }) => {
    const { n, rstd } = normalised(x, stats);
    const dn = tf.mul<Tensor3D>(dy, tf.add(overTokens(scale), 1));
    const meanDn = tf.mean(dn, 2, true);
    const meanDnN = tf.mean(tf.mul(dn, n), 2, true);
    return { dx: tf.mul(rstd, tf.sub(tf.sub(dn, meanDn), tf.mul(n, meanDnN))) };
  },
  webgpu: (device, { dy, x, stats, scale }) => {
    const dx = device.makeTensorInfo([...x.shape], "float32");
    const operands = { outputs: [dx], inputs: [dy, x, stats, scale] };
    dispatchRows(device, GRAD_X, sides(x), operands, []);
    return { dx };
  },
};

/**
 * Gradients of the modulation: sums over T of dy, and of dy times the normalised x.
 * dy [B, T, D], x [B, T, D], stats [B, T, 2].
 */
export const LayerNormModulateGradMod: Operation<
  { dy: Tensor3D; x: Tensor3D; stats: Tensor3D },
  { dShift: Tensor2D; dScale: Tensor2D },
  NoAttrs
> = {
  name: "StudioLayerNormModulateGradMod",
  outputShapes: { dShift: "[B, D]", dScale: "[B, D]" },
  check: ({ dy, x, stats }) => {
    const fits = hasShape(dy, ...x.shape) && hasShape(stats, x.shape[0], x.shape[1], 2);
    requireFit(fits, "gradient of modulation", { dy, x, stats });
  },
  twin: ({ dy, x, stats }) => ({
    dShift: tf.sum(dy, 1),
    dScale: tf.sum(tf.mul(dy, normalised(x, stats).n), 1),
  }),
  webgpu: (device, { dy, x, stats }) => {
    const [batches, tokens, width] = sides(x);
    const dShift = device.makeTensorInfo([batches, width], "float32");
    const dScale = device.makeTensorInfo([batches, width], "float32");
    const operands = { outputs: [dShift, dScale], inputs: [dy, x, stats] };
    dispatchColumns(device, GRAD_MOD, [batches, tokens, width], operands);
    return { dShift, dScale };
  },
};
