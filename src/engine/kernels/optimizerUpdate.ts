import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { StudioDevice } from "./device";
import { elementGroups, elementwise } from "./elementwise";
import { GROUP_SUM, SUM_GROUP } from "./groupSum";
import type { ComputeProgram } from "./program";

/**
 * A flat part of the state, each float32 [n], n a multiple of 64: parameters one after the other, each starting
 * at a multiple of 64 with zeros between them. Several arenas only because buffers are limited in size.
 */
export interface Arena {
  readonly params: TensorInfo;
  readonly gradients: TensorInfo;
  readonly expAvg: TensorInfo;
  readonly expAvgSq: TensorInfo;
  readonly ema: TensorInfo;
  /** int32 [n / 64]: the row of `segments` that holds for each block of 64 numbers. */
  readonly segmentOfBlock: TensorInfo;
}

export interface OptimizerOperands {
  readonly arenas: readonly Arena[];
  /**
   * float32 [S, 4], a row for parameters of equal fate: (rate, eps, keep, active), with
   * rate = lr sqrt(1 - beta2^k) / (1 - beta1^k) and eps sqrt(1 - beta2^k) at their update k, keep = 1 - lr
   * weightDecay, active 1 or 0. Where it is 0 the gradient counts nowhere and only the EMA moves.
   */
  readonly segments: TensorInfo;
  /**
   * float32 [8]: (1 - beta1, beta2, 1 - beta2, 1 - emaDecay, maxGradNorm, gradientScale, 0, 0). Gradients are
   * multiplied by gradientScale before everything else.
   */
  readonly hyper: TensorInfo;
  /** Scratch, float32 of `partialsLength`. */
  readonly partials: TensorInfo;
  /** Rank 0, only passed on to `logged`. */
  readonly losses: { readonly velocityLoss: TensorInfo; readonly projLoss: TensorInfo };
  /** Result, float32 [3]: (velocityLoss, projLoss, l2 norm of the scaled gradients before clipping). */
  readonly logged: TensorInfo;
}

/** The scratch begins with the numbers the last dispatch needs, so that it binds no more than 8 buffers. */
const SETTINGS = 8;
/** A block of 64 numbers is 16 quads, and four threads share it: its segment is looked up once for four quads. */
const SHARE = 4;
const BLOCK = 64;
/** Threads of the sums, one partial sum each: no barrier, which software adapters pay dearly for. */
const SUM_THREADS = 64;
const MOST_SUM_GROUPS = 256;
const sumGroups = (length: number) =>
  Math.min(MOST_SUM_GROUPS, Math.ceil(((length / BLOCK) * SHARE) / SUM_THREADS));

/** Length of `partials` for arenas of these lengths. */
export const partialsLength = (lengths: readonly number[]): number =>
  lengths.reduce((total, length) => total + sumGroups(length) * SUM_THREADS, SETTINGS);

const squares: ComputeProgram = {
  name: "gradient norm, partial sums",
  variant: "",
  workgroupSize: [SUM_THREADS, 1, 1],
  outputs: { partials: "f32" },
  inputs: { gradients: "vec4f", segmentOfBlock: "i32", segments: "vec4f", hyper: "f32" },
  uniforms: { blocks: "u32", start: "u32" },
  body: `
let scale = hyper[5];
let share = global.x % ${SHARE}u;
var total = vec4f(0.0);
for (var block = global.x / ${SHARE}u; block < uniforms.blocks; block += groups.x * ${SUM_THREADS / SHARE}u) {
  if (segments[segmentOfBlock[block]].w == 0.0) { continue; }
  for (var quad = share; quad < ${BLOCK / 4}u; quad += ${SHARE}u) {
    let g = gradients[block * ${BLOCK / 4}u + quad] * scale;
    total += g * g;
  }
}
partials[uniforms.start + global.x] = (total.x + total.y) + (total.z + total.w);`,
};

const clip: ComputeProgram = {
  name: "gradient norm and clip",
  variant: "",
  workgroupSize: [SUM_GROUP, 1, 1],
  outputs: { partials: "f32", logged: "f32" },
  inputs: { hyper: "f32", velocityLoss: "f32", projLoss: "f32" },
  uniforms: { end: "u32" },
  declarations: GROUP_SUM,
  body: `
var sum = 0.0;
for (var i = ${SETTINGS}u + lane; i < uniforms.end; i += ${SUM_GROUP}u) { sum += partials[i]; }
sum = groupSum(lane, sum);
if (lane == 0u) {
  let norm = sqrt(sum);
  logged[0] = velocityLoss[0];
  logged[1] = projLoss[0];
  logged[2] = norm;
  for (var i = 0u; i < 4u; i++) { partials[i] = hyper[i]; }
  partials[4] = hyper[5];
  partials[5] = min(hyper[4] / (norm + 1e-6), 1.0);
}`,
};

const update: ComputeProgram = elementwise(4, {
  name: "AdamW and EMA",
  outputs: { params: "vec4f", expAvg: "vec4f", expAvgSq: "vec4f", ema: "vec4f" },
  inputs: { gradients: "vec4f", segmentOfBlock: "i32", segments: "vec4f", partials: "f32" },
  body: `
let block = i / ${SHARE}u;
let segment = segments[segmentOfBlock[block]];
let keepFirst = partials[0]; let beta2 = partials[1]; let keepSecond = partials[2];
let follow = partials[3]; let scale = partials[4]; let clip = partials[5];
for (var quad = i % ${SHARE}u; quad < ${BLOCK / 4}u; quad += ${SHARE}u) {
  let at = block * ${BLOCK / 4}u + quad;
  var p = params[at];
  if (segment.w != 0.0) {
    let g = gradients[at] * scale * clip;
    let m = expAvg[at];
    let first = m + (g - m) * keepFirst;
    let second = expAvgSq[at] * beta2 + g * g * keepSecond;
    p = p * segment.z - first / (sqrt(second) + segment.y) * segment.x;
    params[at] = p;
    expAvg[at] = first;
    expAvgSq[at] = second;
  }
  let average = ema[at];
  ema[at] = average + (p - average) * follow;
}`,
});

/**
 * Clipping by the global norm, AdamW and EMA for all parameters, in place: the arithmetic of training/gradients,
 * adamw and ema. Two dispatches an arena and one between them; sums are taken in a fixed order. Nothing is read
 * back. The arenas' operands must be tensors of their own buffers (or views), apart from `partials` and `logged`.
 */
export function optimizerUpdate(device: StudioDevice, operands: OptimizerOperands): void {
  const { arenas, segments, hyper, partials, losses, logged } = operands;
  let start = SETTINGS;
  for (const { gradients, segmentOfBlock } of arenas) {
    const [length = 0] = gradients.shape;
    const groups = sumGroups(length);
    device.dispatch(squares, {
      outputs: [partials],
      inputs: [gradients, segmentOfBlock, segments, hyper],
      uniforms: [length / BLOCK, start],
      workgroups: [groups, 1, 1],
    });
    start += groups * SUM_THREADS;
  }
  device.dispatch(clip, {
    outputs: [partials, logged],
    inputs: [hyper, losses.velocityLoss, losses.projLoss],
    uniforms: [start],
    workgroups: [1, 1, 1],
  });
  for (const { params, gradients, expAvg, expAvgSq, ema, segmentOfBlock } of arenas) {
    const count = ((gradients.shape[0] ?? 0) / BLOCK) * SHARE;
    device.dispatch(update, {
      outputs: [params, expAvg, expAvgSq, ema],
      inputs: [gradients, segmentOfBlock, segments, partials],
      uniforms: [count],
      workgroups: elementGroups(count),
    });
  }
}
