import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { activate, activationSlope } from "./activationTwin";
import type { Activation, RealActivation } from "./activation";
import { VIEW_ALIGNMENT } from "./device";
import { product, type ProductSizes } from "./matMul";
import type { InfosOf, NoAttrs, Operation } from "./operation";
import { requireFit } from "./requireFit";

const HINT =
  "The weights do not belong to this model: check the size and encoder they were saved for.";

/** Columns summed: x [N, D] -> [D]. A product with ones: reducing the outer axis would transpose first. */
export const sumRows = (x: Tensor2D): Tensor1D =>
  tf.reshape(tf.matMul(tf.ones([1, x.shape[0]]), x), [x.shape[1]]);

/** A power of two near the number of rows a gradient is a mean over: brings it near 1 for float16. */
const gradientScale = (rows: number): number => 2 ** -Math.ceil(Math.log2(rows) + 6);

const plainSizes = (m: number, n: number, k: number): ProductSizes => ({
  m,
  n,
  k,
  chunk: n,
  stride: m * n,
});

type LinearInputs = Readonly<{ x: Tensor2D; weight: Tensor2D; bias: Tensor1D }>;

const requireLinearFit = ({ x, weight, bias }: LinearInputs, divides = true) => {
  const [outDim, inDim] = weight.shape;
  const fits = x.shape[1] === inDim && bias.shape[0] === outDim && divides;
  requireFit(fits, "linear", { x, weight, bias }, HINT);
};

const plainLinear = ({ x, weight, bias }: LinearInputs): Tensor2D =>
  tf.add(tf.matMul(x, weight, false, true), bias);

const FORWARD = { layout: "nt", bias: "add", activationSide: "forward" } as const;

/** M, N and K of a linear map's product. */
const forwardSizes = ({ x, weight }: InfosOf<LinearInputs>) => {
  const [m = 0, k = 0] = x.shape;
  const [n = 0] = weight.shape;
  return { m, n, k };
};

/** y = x Wᵀ + b: x [M, K], weight [N, K], bias [N]. */
export const Linear: Operation<LinearInputs, { y: Tensor2D }, NoAttrs> = {
  name: "StudioLinear",
  outputShapes: { y: "[M, N]" },
  check: (inputs) => requireLinearFit(inputs),
  twin: (inputs) => ({ y: plainLinear(inputs) }),
  webgpu: (device, inputs) => {
    const { m, n, k } = forwardSizes(inputs);
    const y = device.makeTensorInfo([m, n], "float32");
    const operands = [inputs.x, inputs.weight, inputs.bias];
    product(device, { ...FORWARD, activation: "none" }, plainSizes(m, n, k), operands, [y]);
    return { y };
  },
};

/** y = activation(pre), pre = x Wᵀ + b: x [M, K], weight [N, K], bias [N]. The gradient needs `pre`. */
export const LinearActivated: Operation<
  LinearInputs,
  { y: Tensor2D; pre: Tensor2D },
  { activation: RealActivation }
> = {
  name: "StudioLinearActivated",
  outputShapes: { y: "[M, N]", pre: "[M, N]" },
  check: (inputs) => requireLinearFit(inputs),
  twin: (inputs, { activation }) => {
    const pre = plainLinear(inputs);
    return { y: activate(activation, pre), pre };
  },
  webgpu: (device, inputs, { activation }) => {
    const { m, n, k } = forwardSizes(inputs);
    const y = device.makeTensorInfo([m, n], "float32");
    const pre = device.makeTensorInfo([m, n], "float32");
    const operands = [inputs.x, inputs.weight, inputs.bias];
    product(device, { ...FORWARD, activation }, plainSizes(m, n, k), operands, [y, pre]);
    return { y, pre };
  },
};

/**
 * x Wᵀ + b cut into equal parts of its columns, in order: x [M, K], weight [N, K], bias [N]. The parts are views of
 * one tensor, each starting where a binding may, so that taking one copies nothing.
 * @param count of the parts; divides N
 */
export const LinearChunks: Operation<
  LinearInputs,
  { chunks: readonly Tensor2D[] },
  { count: number }
> = {
  name: "StudioLinearChunks",
  outputShapes: { chunks: ["[M, N / count]"] },
  check: (inputs, { count }) => requireLinearFit(inputs, inputs.weight.shape[0] % count === 0),
  twin: (inputs, { count }) => ({ chunks: tf.split(plainLinear(inputs), count, 1) }),
  webgpu: (device, inputs, { count }) => {
    const { m, n, k } = forwardSizes(inputs);
    const chunk = n / count;
    const stride = Math.ceil((m * chunk) / VIEW_ALIGNMENT) * VIEW_ALIGNMENT;
    const whole = device.makeTensorInfo([count, stride], "float32");
    const operands = [inputs.x, inputs.weight, inputs.bias];
    const sizes = { m, n, k, chunk, stride };
    product(device, { ...FORWARD, activation: "none" }, sizes, operands, [whole]);
    const chunks = Array.from({ length: count }, (_, i) =>
      device.view(whole, i * stride, [m, chunk]),
    );
    device.disposeData(whole.dataId); // the views keep it
    return { chunks };
  },
};

/** dx = (dy W) activation'(pre): dy [M, N], weight [N, K], pre [M, K] (only with an activation). */
export const LinearGradX: Operation<
  { dy: Tensor2D; weight: Tensor2D; pre?: Tensor2D },
  { dx: Tensor2D },
  { activation: Activation }
> = {
  name: "StudioLinearGradX",
  outputShapes: { dx: "[M, K]" },
  check: ({ dy, weight, pre }, { activation }) => {
    const fits = dy.shape[1] === weight.shape[0];
    const preFits =
      activation === "none" || pre?.shape.join() === [dy.shape[0], weight.shape[1]].join();
    requireFit(fits && preFits, "gradient of linear", { dy, weight, pre }, HINT);
  },
  twin: ({ dy, weight, pre }, { activation }) => {
    const dx: Tensor2D = tf.matMul(dy, weight);
    return {
      dx: pre && activation !== "none" ? tf.mul(dx, activationSlope(activation, pre)) : dx,
    };
  },
  webgpu: (device, { dy, weight, pre }, { activation }) => {
    const [m = 0, k = 0] = dy.shape;
    const n = weight.shape[1] ?? 0;
    const dx = device.makeTensorInfo([m, n], "float32");
    const options = { layout: "nn", bias: "none", activation, activationSide: "backward" } as const;
    const operands = pre && activation !== "none" ? [dy, weight, pre] : [dy, weight];
    product(device, options, plainSizes(m, n, k), operands, [dx], gradientScale(m));
    return { dx };
  },
};

/**
 * dWeight = dyᵀ x and dBias = sum of dy: dy [M, N], x [M, K]. `weight` and `bias` are the parameters themselves: their
 * gradients are written to their places among the flat gradients, if they have any.
 */
export const LinearGradW: Operation<
  { dy: Tensor2D; x: Tensor2D; weight: Tensor2D; bias: Tensor1D },
  { dWeight: Tensor2D; dBias: Tensor1D },
  NoAttrs
> = {
  name: "StudioLinearGradW",
  outputShapes: { dWeight: "[N, K]", dBias: "[N]" },
  check: ({ dy, x, weight, bias }) => {
    const rows = dy.shape[0] === x.shape[0] && bias.shape[0] === dy.shape[1];
    const fits = rows && weight.shape.join() === [dy.shape[1], x.shape[1]].join();
    requireFit(fits, "gradient of linear", { dy, x, weight, bias }, HINT);
  },
  twin: ({ dy, x }) => ({ dWeight: tf.matMul(dy, x, true, false), dBias: sumRows(dy) }),
  webgpu: (device, { dy, x, weight, bias }) => {
    const [k = 0, m = 0] = dy.shape;
    const n = x.shape[1] ?? 0;
    const dWeight = device.gradientOf(weight);
    const dBias = device.gradientOf(bias);
    const options = {
      layout: "tn",
      bias: "sum",
      activation: "none",
      activationSide: "forward",
    } as const;
    const outputs = [dWeight, dBias];
    product(device, options, plainSizes(m, n, k), [dy, x], outputs, gradientScale(k));
    return { dWeight, dBias };
  },
};
