import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor4D } from "@tensorflow/tfjs-core";
import { elementGroups, elementOf, elementwise, lanesOf, type Lanes } from "./elementwise";
import { GROUP_SUM, SUM_GROUP, sumPartials } from "./groupSum";
import type { NoAttrs, Operation } from "./operation";
import { FLAT_GROUP, spread, type ComputeProgram } from "./program";
import { hasShape, requireFit } from "./requireFit";

/** Elements a thread adds up. A batch of 16 small latents is then one workgroup's, and one dispatch. */
const PER_THREAD = 16;

/** A workgroup's part of the sum of squared errors; the inner loop goes over neighbouring elements. */
const partialSums = (lanes: Lanes): ComputeProgram => ({
  name: "velocity loss",
  variant: `${lanes}`,
  workgroupSize: [SUM_GROUP, 1, 1],
  outputs: { partials: "f32" },
  inputs: { velocity: elementOf(lanes), goal: elementOf(lanes) },
  uniforms: { count: "u32", groups: "u32", scale: "f32" },
  declarations: GROUP_SUM,
  body: `
let part = ${FLAT_GROUP};
if (part >= uniforms.groups) { return; }
let first = part * ${SUM_GROUP * PER_THREAD}u;
let end = min(first + ${SUM_GROUP * PER_THREAD}u, uniforms.count);
var squares = ${lanes === 4 ? "vec4f(0.0)" : "0.0"};
for (var i = first + lane; i < end; i += ${SUM_GROUP}u) {
  let error = velocity[i] - goal[i];
  squares += error * error;
}
let sum = groupSum(lane, ${lanes === 4 ? "(squares.x + squares.y) + (squares.z + squares.w)" : "squares"});
if (lane == 0u) { partials[part] = sum * uniforms.scale; }`,
});

const gradient = (lanes: Lanes) =>
  elementwise(lanes, {
    name: "velocity loss gradient",
    outputs: { dVelocity: elementOf(lanes) },
    inputs: { dLoss: "f32", velocity: elementOf(lanes), goal: elementOf(lanes) },
    uniforms: { scale: "f32" },
    body: "dVelocity[i] = (velocity[i] - goal[i]) * (dLoss[0] * uniforms.scale);",
  });

/**
 * The training loss: the mean over everything of (v - v*)², velocity and target [B, ...]. Sums are taken in a
 * fixed order and in parts, so that float32 keeps its digits.
 * @source sihyun-yu/REPA loss.py, denoising_loss
 */
export const VelocityLoss: Operation<
  { velocity: Tensor4D; target: Tensor4D },
  { loss: Scalar },
  NoAttrs
> = {
  name: "StudioVelocityLoss",
  outputShapes: { loss: "[]" },
  check: ({ velocity, target }) => {
    requireFit(hasShape(target, ...velocity.shape), "velocity loss", { velocity, target });
  },
  twin: ({ velocity, target }) => {
    const error = tf.reshape(tf.sub(velocity, target), [velocity.shape[0], -1]);
    return { loss: tf.mean(tf.mean(tf.square(error), 1)) };
  },
  webgpu: (device, { velocity, target }) => {
    const size = tf.util.sizeFromShape(velocity.shape);
    const lanes = lanesOf(size);
    const groups = Math.ceil(size / lanes / (SUM_GROUP * PER_THREAD));
    const loss = device.makeTensorInfo([], "float32");
    const partials = groups === 1 ? loss : device.makeTensorInfo([groups], "float32");
    device.dispatch(partialSums(lanes), {
      outputs: [partials],
      inputs: [velocity, target],
      uniforms: [size / lanes, groups, groups === 1 ? 1 / size : 1],
      workgroups: spread(groups),
    });
    if (partials !== loss) {
      sumPartials(device, partials, loss, 1 / size);
      device.disposeData(partials.dataId);
    }
    return { loss };
  },
};

/** dVelocity = dLoss 2 (v - v*) / size: dLoss scalar, velocity and target [B, ...]. */
export const VelocityLossGrad: Operation<
  { dLoss: Scalar; velocity: Tensor4D; target: Tensor4D },
  { dVelocity: Tensor4D },
  NoAttrs
> = {
  name: "StudioVelocityLossGrad",
  outputShapes: { dVelocity: "as velocity" },
  check: ({ dLoss, velocity, target }) => {
    const fits = dLoss.size === 1 && hasShape(target, ...velocity.shape);
    requireFit(fits, "gradient of the velocity loss", { dLoss, velocity, target });
  },
  twin: ({ dLoss, velocity, target }) => ({
    dVelocity: tf.mul(tf.sub(velocity, target), tf.mul(dLoss, 2 / velocity.size)),
  }),
  webgpu: (device, { dLoss, velocity, target }) => {
    const size = tf.util.sizeFromShape(velocity.shape);
    const lanes = lanesOf(size);
    const dVelocity = device.makeTensorInfo([...velocity.shape], "float32");
    device.dispatch(gradient(lanes), {
      outputs: [dVelocity],
      inputs: [dLoss, velocity, target],
      uniforms: [size / lanes, 2 / size],
      workgroups: elementGroups(size / lanes),
    });
    return { dVelocity };
  },
};
