import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { ACTIVATION_WGSL } from "./activation";
import { activate, activationSlope } from "./activationTwin";
import { elementGroups, elementOf, elementwise, lanesOf, type Lanes } from "./elementwise";
import type { Operation } from "./operation";
import { hasShape, requireFit } from "./requireFit";

/** `f` of a number: activations are written for four at a time. */
const on = (lanes: Lanes, f: string, value: string) =>
  lanes === 4 ? `${f}(${value})` : `${f}(vec4f(${value})).x`;

const forward = (lanes: Lanes) =>
  elementwise(lanes, {
    name: "silu",
    outputs: { y: elementOf(lanes) },
    inputs: { x: elementOf(lanes) },
    declarations: ACTIVATION_WGSL.silu,
    body: `y[i] = ${on(lanes, "activate", "x[i]")};`,
  });

const backward = (lanes: Lanes) =>
  elementwise(lanes, {
    name: "silu gradient",
    outputs: { dx: elementOf(lanes) },
    inputs: { dy: elementOf(lanes), x: elementOf(lanes) },
    declarations: ACTIVATION_WGSL.silu,
    body: `dx[i] = dy[i] * ${on(lanes, "slope", "x[i]")};`,
  });

/** x sigmoid(x), any shape: [x] -> [y]. */
export const Silu: Operation<{ x: Tensor }, object> = {
  name: "StudioSilu",
  check: () => undefined, // any shape will do
  twin: ({ x }) => [activate("silu", x)],
  webgpu: (device, { x }) => {
    const size = tf.util.sizeFromShape(x.shape);
    const lanes = lanesOf(size);
    const y = device.makeTensorInfo([...x.shape], "float32");
    device.dispatch(forward(lanes), {
      outputs: [y],
      inputs: [x],
      uniforms: [size / lanes],
      workgroups: elementGroups(size / lanes),
    });
    return [y];
  },
};

/** dx = dy silu'(x), any shape: dy and x alike -> [dx]. */
export const SiluGrad: Operation<{ dy: Tensor; x: Tensor }, object> = {
  name: "StudioSiluGrad",
  check: ({ dy, x }) => {
    requireFit(hasShape(dy, ...x.shape), "gradient of SiLU", { dy, x });
  },
  twin: ({ dy, x }) => [tf.mul(dy, activationSlope("silu", x))],
  webgpu: (device, { dy, x }) => {
    const size = tf.util.sizeFromShape(x.shape);
    const lanes = lanesOf(size);
    const dx = device.makeTensorInfo([...x.shape], "float32");
    device.dispatch(backward(lanes), {
      outputs: [dx],
      inputs: [dy, x],
      uniforms: [size / lanes],
      workgroups: elementGroups(size / lanes),
    });
    return [dx];
  },
};
