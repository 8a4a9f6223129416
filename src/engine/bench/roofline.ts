import { sitParameters, isFrozen } from "../models/sitInit";
import { tokenCount, type Workload } from "./workloads";

/** What a step cannot do without: the arithmetic of its matrix products and the bytes they touch. */
export interface StepFloor {
  /** Trained scalars, the projector's included. */
  readonly parameters: number;
  /** Floating-point operations of the products, forward and backward; two for a multiply-add. */
  readonly flops: number;
  /**
   * Bytes to and from memory when every elementwise operation is fused into the product before or after it:
   * operands and result of each product once, attention without scores, and one pass of the optimiser.
   */
  readonly bytes: number;
}

/** y = x Wᵀ on so many rows. */
interface Product {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Whether the gradient of its input is needed; not where the input is data. */
  readonly inputGradient: boolean;
}

function products(workload: Workload): Product[] {
  const { shape, batch, projectorWidth, featureWidth } = workload;
  const { width, depth, patchSize, inChannels, frequencySize, mlpRatio } = shape;
  const rows = batch * tokenCount(workload);
  const patch = patchSize ** 2 * inChannels;
  const product = (n: number, inputs: number, outputs: number, inputGradient = true): Product => ({
    rows: n,
    inputs,
    outputs,
    inputGradient,
  });
  const block = [
    product(rows, width, 3 * width),
    product(rows, width, width),
    product(rows, width, mlpRatio * width),
    product(rows, mlpRatio * width, width),
    product(batch, width, 6 * width),
  ];
  return [
    product(rows, patch, width, false),
    product(batch, frequencySize, width, false),
    product(batch, width, width),
    ...Array.from({ length: depth }, () => block).flat(),
    product(batch, width, 2 * width),
    product(rows, width, patch),
    product(rows, width, projectorWidth),
    product(rows, projectorWidth, projectorWidth),
    product(rows, projectorWidth, featureWidth),
  ];
}

const FLOAT_BYTES = 4;

/** AdamW and EMA read gradient, parameter, both moments and average, and write all but the first. */
const OPTIMIZER_ACCESSES = 9;

function trainedScalars({ shape, projectorWidth, featureWidth }: Workload): number {
  const sit = Object.entries(sitParameters(shape))
    .filter(([name]) => !isFrozen(name))
    .reduce((sum, [, rule]) => sum + rule.shape.reduce((a, b) => a * b, 1), 0);
  const dense = (inputs: number, outputs: number) => (inputs + 1) * outputs;
  return (
    sit +
    dense(shape.width, projectorWidth) +
    dense(projectorWidth, projectorWidth) +
    dense(projectorWidth, featureWidth)
  );
}

/** Counts of the matrix products only: norms, activations and losses are a few per cent more operations. */
export function stepFloor(workload: Workload): StepFloor {
  const { shape, batch } = workload;
  const tokens = tokenCount(workload);
  const parameters = trainedScalars(workload);
  const linear = products(workload).reduce(
    (sum, { rows, inputs, outputs, inputGradient }) => {
      const passes = inputGradient ? 3 : 2;
      return {
        flops: sum.flops + passes * 2 * rows * inputs * outputs,
        floats: sum.floats + passes * (rows * (inputs + outputs) + inputs * outputs),
      };
    },
    { flops: 0, floats: 0 },
  );
  // forward: scores and mixing; backward: both operands of each
  const attentionFlops = shape.depth * 6 * 2 * batch * tokens ** 2 * shape.width;
  // forward q, k, v in, mixed out; backward those and its gradient in, three gradients out
  const attentionFloats = shape.depth * (4 + 8) * batch * tokens * shape.width;
  const floats = linear.floats + attentionFloats + OPTIMIZER_ACCESSES * parameters;
  return { parameters, flops: linear.flops + attentionFlops, bytes: FLOAT_BYTES * floats };
}
