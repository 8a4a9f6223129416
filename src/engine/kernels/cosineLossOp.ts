import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { elementGroups, elementOf, elementwise, lanesOf, type Lanes } from "./elementwise";
import { GROUP_SUM, SUM_GROUP } from "./groupSum";
import type { NoAttrs, Operation } from "./operation";
import { FLAT_GROUP, spread, type ComputeProgram } from "./program";
import { named } from "./named";
import { hasShape, requireFit } from "./requireFit";

const HINT =
  "The feature cache belongs to another encoder or token grid: delete it and prepare the data again.";

/** torch.nn.functional.normalize's floor of a norm. */
const NORM_FLOOR = 1e-12;

/** Threads that share a token, and tokens a workgroup takes. */
const SHARE = 16;
const TOKENS = 4;

const wide = (lanes: Lanes, four: string, one: string) => (lanes === 4 ? four : one);

/** One barrier: the token's first thread adds up what the others found, in their order. */
const statistics = (lanes: Lanes): ComputeProgram => ({
  name: "cosine loss, statistics",
  variant: `${lanes}`,
  workgroupSize: [SHARE * TOKENS, 1, 1],
  outputs: { stats: "f32" },
  inputs: { features: elementOf(lanes), projected: elementOf(lanes) },
  uniforms: { count: "u32", width: "u32" },
  declarations: `var<workgroup> parts: array<vec3f, ${SHARE * TOKENS}>;`,
  body: `
let token = (${FLAT_GROUP}) * ${TOKENS}u + lane / ${SHARE}u;
var part = vec3f(0.0);
if (token < uniforms.count) {
  for (var j = lane % ${SHARE}u; j < uniforms.width; j += ${SHARE}u) {
    let y = features[token * uniforms.width + j];
    let h = projected[token * uniforms.width + j];
    part += ${wide(lanes, "vec3f(dot(y, h), dot(y, y), dot(h, h))", "vec3f(y * h, y * y, h * h)")};
  }
}
parts[lane] = part;
workgroupBarrier();
if (token < uniforms.count && lane % ${SHARE}u == 0u) {
  var sum = part;
  for (var other = 1u; other < ${SHARE}u; other++) { sum += parts[lane + other]; }
  stats[3u * token] = sum.x;
  stats[3u * token + 1u] = 1.0 / max(sqrt(sum.y), ${NORM_FLOOR});
  stats[3u * token + 2u] = 1.0 / max(sqrt(sum.z), ${NORM_FLOOR});
}`,
});

const meanOverTokens: ComputeProgram = {
  name: "cosine loss",
  variant: "",
  workgroupSize: [SUM_GROUP, 1, 1],
  outputs: { loss: "f32" },
  inputs: { stats: "f32" },
  uniforms: { count: "u32", scale: "f32" },
  declarations: GROUP_SUM,
  body: `
var sum = 0.0;
for (var i = lane; i < uniforms.count; i += ${SUM_GROUP}u) {
  sum += stats[3u * i] * stats[3u * i + 1u] * stats[3u * i + 2u];
}
sum = groupSum(lane, sum);
if (lane == 0u) { loss[0] = -sum * uniforms.scale; }`,
};

const gradient = (lanes: Lanes) =>
  elementwise(lanes, {
    name: "cosine loss gradient",
    outputs: { dProjected: elementOf(lanes) },
    inputs: {
      dLoss: "f32",
      features: elementOf(lanes),
      projected: elementOf(lanes),
      stats: "f32",
    },
    uniforms: { width: "u32", scale: "f32" },
    body: `
let token = i / uniforms.width;
let ofY = stats[3u * token + 1u]; let ofH = stats[3u * token + 2u];
let cosine = stats[3u * token] * ofY * ofH;
let across = features[i] * ofY - projected[i] * ofH * cosine;
dProjected[i] = across * ofH * (-dLoss[0] * uniforms.scale);`,
  });

const flat = (tokens: Tensor3D): Tensor2D => tf.reshape(tokens, [-1, tokens.shape[2]]);
const inverseNorm = (rows: Tensor2D): Tensor2D =>
  tf.reciprocal(tf.maximum(tf.sqrt(tf.sum(tf.square(rows), 1, true)), NORM_FLOOR));

/**
 * Mean over tokens of -cos(y, h): features y and projected h [B, T, Z]. `stats` has
 * (y·h, 1 / max(|y|, 1e-12), 1 / max(|h|, 1e-12)) of each token, which the gradient needs.
 * @source REPA (arXiv:2410.06940) Eq. 8; sihyun-yu/REPA loss.py, proj_loss
 */
export const CosineLoss: Operation<
  { features: Tensor3D; projected: Tensor3D },
  { loss: Scalar; stats: Tensor2D },
  NoAttrs
> = {
  name: "StudioCosineLoss",
  outputShapes: { loss: "[]", stats: "[B T, 3]" },
  check: ({ features, projected }) => {
    const fits = features.rank === 3 && hasShape(projected, ...features.shape);
    requireFit(fits, "cosine loss", { features, projected }, HINT);
  },
  twin: ({ features, projected }) => {
    const [y, h] = [flat(features), flat(projected)];
    const [ofY, ofH] = [inverseNorm(y), inverseNorm(h)];
    const cosine = tf.sum(tf.mul(tf.mul(y, ofY), tf.mul(h, ofH)), 1); // [B T]
    const perSample = tf.mean(tf.reshape(cosine, [features.shape[0], -1]), 1);
    const dot: Tensor2D = tf.sum(tf.mul(y, h), 1, true);
    return { loss: tf.neg(tf.mean(perSample)), stats: tf.concat([dot, ofY, ofH], 1) };
  },
  webgpu: (device, { features, projected }) => {
    const width = features.shape[2] ?? 1;
    const count = tf.util.sizeFromShape(features.shape) / width;
    const lanes = lanesOf(width);
    const stats = device.makeTensorInfo([count, 3], "float32");
    device.dispatch(statistics(lanes), {
      outputs: [stats],
      inputs: [features, projected],
      uniforms: [count, width / lanes],
      workgroups: spread(Math.ceil(count / TOKENS)),
    });
    const loss = device.makeTensorInfo([], "float32");
    device.dispatch(meanOverTokens, {
      outputs: [loss],
      inputs: [stats],
      uniforms: [count, 1 / count],
      workgroups: [1, 1, 1],
    });
    return { loss, stats };
  },
};

/**
 * dProjected = -dLoss / (B T) (y/|y| - h/|h| cos) / |h|: dLoss scalar, features and projected [B, T, Z], stats
 * [B T, 3] of `CosineLoss`. Finite at zero rows: norms have their floor. Features get no gradient.
 */
export const CosineLossGrad: Operation<
  { dLoss: Scalar; features: Tensor3D; projected: Tensor3D; stats: Tensor2D },
  { dProjected: Tensor3D },
  NoAttrs
> = {
  name: "StudioCosineLossGrad",
  outputShapes: { dProjected: "[B, T, Z]" },
  check: ({ dLoss, features, projected, stats }) => {
    const [batch, tokens] = features.shape;
    const fits = dLoss.size === 1 && hasShape(projected, ...features.shape);
    const operands = { dLoss, features, projected, stats };
    requireFit(
      fits && hasShape(stats, batch * tokens, 3),
      "gradient of the cosine loss",
      operands,
      HINT,
    );
  },
  twin: ({ dLoss, features, projected, stats }) => {
    const { dot, ofY, ofH } = named(["dot", "ofY", "ofH"], tf.split<Tensor2D>(stats, 3, 1)); // [B T, 1] each
    const cosine = tf.mul(tf.mul(dot, ofY), ofH);
    const across = tf.sub(
      tf.mul(flat(features), ofY),
      tf.mul(tf.mul(flat(projected), ofH), cosine),
    );
    const scale = tf.mul(dLoss, -1 / stats.shape[0]);
    return { dProjected: tf.reshape(tf.mul(tf.mul(across, ofH), scale), features.shape) };
  },
  webgpu: (device, { dLoss, features, projected, stats }) => {
    const size = tf.util.sizeFromShape(projected.shape);
    const width = projected.shape[2] ?? 1;
    const lanes = lanesOf(width);
    const dProjected = device.makeTensorInfo([...projected.shape], "float32");
    device.dispatch(gradient(lanes), {
      outputs: [dProjected],
      inputs: [dLoss, features, projected, stats],
      uniforms: [size / lanes, width / lanes, width / size],
      workgroups: elementGroups(size / lanes),
    });
    return { dProjected };
  },
};
