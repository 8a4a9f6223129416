import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { layerNormProgram } from "./layerNormProgram";
import { hasShape, requireFit } from "./requireFit";
import type { Operation } from "./operation";
import { dispatchRows } from "./rowPrograms";

const HINT =
  "The weights do not belong to this model: check the size and encoder they were saved for.";

const PROGRAM = layerNormProgram({
  variant: "affine",
  vectors: ["weight", "bias"],
  gain: "weight[i]",
  offset: "bias[i]",
  stats: false,
});

/**
 * LayerNorm with affine parameters, biased variance: x [N, D], weight [D], bias [D].
 * @source torch.nn.LayerNorm
 */
export const LayerNormAffine: Operation<
  { x: Tensor2D; weight: Tensor1D; bias: Tensor1D },
  { y: Tensor2D },
  { eps: number }
> = {
  name: "StudioLayerNormAffine",
  outputShapes: { y: "[N, D]" },
  check: ({ x, weight, bias }) => {
    const width = x.shape[1];
    const fits = hasShape(weight, width) && hasShape(bias, width);
    requireFit(fits, "LayerNorm", { x, weight, bias }, HINT);
  },
  twin: ({ x, weight, bias }, { eps }) => {
    const centred = tf.sub(x, tf.mean(x, 1, true));
    const rstd = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), eps));
    return { y: tf.add(tf.mul(tf.mul(centred, rstd), weight), bias) };
  },
  webgpu: (device, { x, weight, bias }, { eps }) => {
    const [rows = 0, width = 0] = x.shape;
    const y = device.makeTensorInfo([rows, width], "float32");
    const operands = { outputs: [y], inputs: [x, weight, bias] };
    dispatchRows(device, PROGRAM, [1, rows, width], operands, [eps]);
    return { y };
  },
};
