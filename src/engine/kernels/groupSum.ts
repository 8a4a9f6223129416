import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { StudioDevice } from "./device";
import type { ComputeProgram } from "./program";

/** How many numbers a thread adds in each of two stages. */
const SUM_PART = 16;
/** Threads that add up together: each stage leaves one number of `SUM_PART`. */
export const SUM_GROUP = SUM_PART ** 2;

/**
 * WGSL of `groupSum(lane, value)`: the sum over a workgroup of `SUM_GROUP` threads, always in the same order.
 * Every thread must call it and gets the sum. In two stages, because barriers are slow on software adapters.
 */
export const GROUP_SUM = `
var<workgroup> sums: array<f32, ${SUM_GROUP}>;
fn sumFrom(start: u32, stride: u32) -> f32 {
  var sum = 0.0;
  for (var i = 0u; i < ${SUM_PART}u; i++) { sum += sums[start + i * stride]; }
  return sum;
}
fn groupSum(lane: u32, value: f32) -> f32 {
  sums[lane] = value;
  workgroupBarrier();
  // each of these threads reads and overwrites numbers no other one touches
  if (lane < ${SUM_PART}u) { sums[lane] = sumFrom(lane, ${SUM_PART}u); }
  workgroupBarrier();
  return sumFrom(0u, 1u);
}`;

const total: ComputeProgram = {
  name: "sum of partial sums",
  variant: "",
  workgroupSize: [SUM_GROUP, 1, 1],
  outputs: { result: "f32" },
  inputs: { partials: "f32" },
  uniforms: { count: "u32", scale: "f32" },
  declarations: GROUP_SUM,
  body: `
var sum = 0.0;
for (var i = lane; i < uniforms.count; i += ${SUM_GROUP}u) { sum += partials[i]; }
sum = groupSum(lane, sum);
if (lane == 0u) { result[0] = sum * uniforms.scale; }`,
};

/** result = scale times the sum of `partials` [count], in a fixed order: one workgroup, for a few thousand. */
export function sumPartials(
  device: StudioDevice,
  partials: TensorInfo,
  result: TensorInfo,
  scale: number,
): void {
  const [count = 0] = partials.shape;
  device.dispatch(total, {
    outputs: [result],
    inputs: [partials],
    uniforms: [count, scale],
    workgroups: [1, 1, 1],
  });
}
