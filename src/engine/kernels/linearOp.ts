import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import { activate, activationSlope } from "./activationTwin";
import type { Activation } from "./activation";
import { VIEW_ALIGNMENT, type StudioDevice } from "./device";
import { product, type ProductSizes } from "./matMul";
import type { Operation } from "./operation";
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

/** The chunks of one product as views of one tensor, each starting where a binding may. */
function chunksOf(
  device: StudioDevice,
  options: Parameters<typeof product>[1],
  { m, n, k }: Pick<ProductSizes, "m" | "n" | "k">,
  operands: readonly TensorInfo[],
  chunks: number,
): TensorInfo[] {
  const chunk = n / chunks;
  const stride = Math.ceil((m * chunk) / VIEW_ALIGNMENT) * VIEW_ALIGNMENT;
  const whole = device.makeTensorInfo([chunks, stride], "float32");
  product(device, options, { m, n, k, chunk, stride }, operands, [whole]);
  const views = Array.from({ length: chunks }, (_, i) =>
    device.view(whole, i * stride, [m, chunk]),
  );
  device.disposeData(whole.dataId); // the views keep it
  return views;
}

/**
 * activation(x Wᵀ + b): x [M, K], weight [N, K], bias [N] -> [y [M, N]], or [y, x Wᵀ + b] with an activation.
 * `chunks` above 1 (without activation) gives that many tensors [M, N / chunks], the columns in order.
 */
export const Linear: Operation<
  { x: Tensor2D; weight: Tensor2D; bias: Tensor1D },
  { activation: Activation; chunks: number }
> = {
  name: "StudioLinear",
  check: ({ x, weight, bias }, { chunks }) => {
    const [outDim, inDim] = weight.shape;
    const fits = x.shape[1] === inDim && bias.shape[0] === outDim && outDim % chunks === 0;
    requireFit(fits, "linear", { x, weight, bias }, HINT);
  },
  twin: ({ x, weight, bias }, { activation, chunks }) => {
    const y: Tensor2D = tf.add(tf.matMul(x, weight, false, true), bias);
    if (activation !== "none") return [activate(activation, y), y];
    return chunks === 1 ? [y] : tf.split(y, chunks, 1);
  },
  webgpu: (device, { x, weight, bias }, { activation, chunks }) => {
    const [m = 0, k = 0] = x.shape;
    const [n = 0] = weight.shape;
    const options = { layout: "nt", bias: "add", activation, activationSide: "forward" } as const;
    if (chunks > 1) return chunksOf(device, options, { m, n, k }, [x, weight, bias], chunks);
    const outputs = Array.from({ length: activation === "none" ? 1 : 2 }, () =>
      device.makeTensorInfo([m, n], "float32"),
    );
    product(device, options, plainSizes(m, n, k), [x, weight, bias], outputs);
    return outputs;
  },
};

/** dx = (dy W) activation'(pre): dy [M, N], weight [N, K], pre [M, K] (only with an activation) -> [dx [M, K]]. */
export const LinearGradX: Operation<
  { dy: Tensor2D; weight: Tensor2D; pre?: Tensor2D },
  { activation: Activation }
> = {
  name: "StudioLinearGradX",
  check: ({ dy, weight, pre }, { activation }) => {
    const fits = dy.shape[1] === weight.shape[0];
    const preFits =
      activation === "none" || pre?.shape.join() === [dy.shape[0], weight.shape[1]].join();
    requireFit(fits && preFits, "gradient of linear", { dy, weight, pre }, HINT);
  },
  twin: ({ dy, weight, pre }, { activation }) => {
    const dx = tf.matMul(dy, weight);
    return [pre && activation !== "none" ? tf.mul(dx, activationSlope(activation, pre)) : dx];
  },
  webgpu: (device, { dy, weight, pre }, { activation }) => {
    const [m = 0, k = 0] = dy.shape;
    const n = weight.shape[1] ?? 0;
    const dx = device.makeTensorInfo([m, n], "float32");
    const options = { layout: "nn", bias: "none", activation, activationSide: "backward" } as const;
    const operands = pre && activation !== "none" ? [dy, weight, pre] : [dy, weight];
    product(device, options, plainSizes(m, n, k), operands, [dx], gradientScale(m));
    return [dx];
  },
};

/**
 * dW = dyᵀ x and db = sum of dy: dy [M, N], x [M, K] -> [[N, K], [N]]. `weight` and `bias` are the parameters
 * themselves: their gradients are written where they belong, if they have a place.
 */
export const LinearGradW: Operation<
  { dy: Tensor2D; x: Tensor2D; weight: Tensor2D; bias: Tensor1D },
  object
> = {
  name: "StudioLinearGradW",
  check: ({ dy, x, weight, bias }) => {
    const rows = dy.shape[0] === x.shape[0] && bias.shape[0] === dy.shape[1];
    const fits = rows && weight.shape.join() === [dy.shape[1], x.shape[1]].join();
    requireFit(fits, "gradient of linear", { dy, x, weight, bias }, HINT);
  },
  twin: ({ dy, x }) => [tf.matMul(dy, x, true, false), sumRows(dy)],
  webgpu: (device, { dy, x, weight, bias }) => {
    const [k = 0, m = 0] = dy.shape;
    const n = x.shape[1] ?? 0;
    const outputs = [device.gradientOf(weight), device.gradientOf(bias)];
    const options = {
      layout: "tn",
      bias: "sum",
      activation: "none",
      activationSide: "forward",
    } as const;
    product(device, options, plainSizes(m, n, k), [dy, x], outputs, gradientScale(k));
    return outputs;
  },
};
