import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { elementGroups, elementOf, elementwise, lanesOf, type Lanes } from "./elementwise";
import type { NoAttrs, Operation } from "./operation";
import { hasShape, requireFit } from "./requireFit";

const program = (lanes: Lanes) =>
  elementwise(lanes, {
    name: "interpolate",
    outputs: { xt: elementOf(lanes), velocity: elementOf(lanes) },
    inputs: { xStar: elementOf(lanes), eps: elementOf(lanes), coefficients: "vec4f" },
    uniforms: { perSample: "u32" },
    body: `
let c = coefficients[i / uniforms.perSample];
let data = xStar[i]; let noise = eps[i];
xt[i] = c.x * data + c.y * noise;
velocity[i] = c.z * data + c.w * noise;`,
  });

/**
 * xt = alpha x* + sigma eps and its velocity dAlpha x* + dSigma eps: x* and eps [B, ...], coefficients [B, 4] =
 * (alpha, sigma, dAlpha, dSigma) of each sample.
 * @source SiT (arXiv:2401.08740) Eq. 1
 */
export const Interpolate: Operation<
  { xStar: Tensor4D; eps: Tensor4D; coefficients: Tensor2D },
  { xt: Tensor4D; velocity: Tensor4D },
  NoAttrs
> = {
  name: "StudioInterpolate",
  outputShapes: { xt: "as xStar", velocity: "as xStar" },
  check: ({ xStar, eps, coefficients }) => {
    const fits = hasShape(eps, ...xStar.shape) && hasShape(coefficients, xStar.shape[0], 4);
    requireFit(fits, "interpolation", { xStar, eps, coefficients });
  },
  twin: ({ xStar, eps, coefficients }) => {
    const batch = coefficients.shape[0];
    const ones = Array.from({ length: xStar.rank - 1 }, () => 1);
    const coefficient = (column: number) =>
      tf.reshape(tf.slice(coefficients, [0, column], [batch, 1]), [batch, ...ones]);
    const combine = (onData: number, onNoise: number): Tensor4D =>
      tf.add(tf.mul(coefficient(onData), xStar), tf.mul(coefficient(onNoise), eps));
    return { xt: combine(0, 1), velocity: combine(2, 3) };
  },
  webgpu: (device, { xStar, eps, coefficients }) => {
    const size = tf.util.sizeFromShape(xStar.shape);
    const perSample = size / (xStar.shape[0] ?? 1);
    const lanes = lanesOf(perSample);
    const xt = device.makeTensorInfo([...xStar.shape], "float32");
    const velocity = device.makeTensorInfo([...xStar.shape], "float32");
    device.dispatch(program(lanes), {
      outputs: [xt, velocity],
      inputs: [xStar, eps, coefficients],
      uniforms: [size / lanes, perSample / lanes],
      workgroups: elementGroups(size / lanes),
    });
    return { xt, velocity };
  },
};
