import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { ACTIVATION_WGSL, type RealActivation } from "./activation";
import { activate, activationSlope } from "./activationTwin";
import { elementGroups, elementOf, elementwise, lanesOf, type Lanes } from "./elementwise";
import type { Operation } from "./operation";
import { hasShape, requireFit } from "./requireFit";

/** `f` of a number: activations are written for four at a time. */
const on = (lanes: Lanes, f: string, value: string) =>
  lanes === 4 ? `${f}(${value})` : `${f}(vec4f(${value})).x`;

const forward = (lanes: Lanes, activation: RealActivation) =>
  elementwise(
    lanes,
    {
      name: "activation",
      outputs: { y: elementOf(lanes) },
      inputs: { x: elementOf(lanes) },
      declarations: ACTIVATION_WGSL[activation],
      body: `y[i] = ${on(lanes, "activate", "x[i]")};`,
    },
    activation,
  );

const backward = (lanes: Lanes, activation: RealActivation) =>
  elementwise(
    lanes,
    {
      name: "activation gradient",
      outputs: { dx: elementOf(lanes) },
      inputs: { dy: elementOf(lanes), x: elementOf(lanes) },
      declarations: ACTIVATION_WGSL[activation],
      body: `dx[i] = dy[i] * ${on(lanes, "slope", "x[i]")};`,
    },
    activation,
  );

/** An activation on its own, any shape. Linear maps have it in their epilogue. */
export const Activate: Operation<{ x: Tensor }, { y: Tensor }, { activation: RealActivation }> = {
  name: "StudioActivate",
  outputShapes: { y: "as x" },
  check: () => undefined, // any shape will do
  twin: ({ x }, { activation }) => ({ y: activate(activation, x) }),
  webgpu: (device, { x }, { activation }) => {
    const size = tf.util.sizeFromShape(x.shape);
    const lanes = lanesOf(size);
    const y = device.makeTensorInfo([...x.shape], "float32");
    device.dispatch(forward(lanes, activation), {
      outputs: [y],
      inputs: [x],
      uniforms: [size / lanes],
      workgroups: elementGroups(size / lanes),
    });
    return { y };
  },
};

/** dx = dy activation'(x), any shape: dy and x alike. */
export const ActivateGrad: Operation<
  { dy: Tensor; x: Tensor },
  { dx: Tensor },
  { activation: RealActivation }
> = {
  name: "StudioActivateGrad",
  outputShapes: { dx: "as x" },
  check: ({ dy, x }) => {
    requireFit(hasShape(dy, ...x.shape), "gradient of an activation", { dy, x });
  },
  twin: ({ dy, x }, { activation }) => ({
    dx: tf.mul(dy, activationSlope(activation, x)),
  }),
  webgpu: (device, { dy, x }, { activation }) => {
    const size = tf.util.sizeFromShape(x.shape);
    const lanes = lanesOf(size);
    const dx = device.makeTensorInfo([...x.shape], "float32");
    device.dispatch(backward(lanes, activation), {
      outputs: [dx],
      inputs: [dy, x],
      uniforms: [size / lanes],
      workgroups: elementGroups(size / lanes),
    });
    return { dx };
  },
};
