import { transformerParameters, isFrozen } from "../models/transformerInit";
import { flopsOf, numbersOf, stepProducts, type StepProduct } from "./stepProducts";
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

const FLOAT_BYTES = 4;

/** AdamW and EMA read gradient, parameter, both moments and average, and write all but the first. */
const OPTIMIZER_ACCESSES = 9;

function trainedScalars({ shape, projectorWidth, featureWidth }: Workload): number {
  const sit = Object.entries(transformerParameters(shape))
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
  const products = stepProducts(workload);
  const sumOver = (what: (product: StepProduct) => number) =>
    products.reduce((sum, product) => sum + product.times * what(product), 0);
  // forward: scores and mixing; backward: both operands of each
  const attentionFlops = shape.depth * 6 * 2 * batch * tokens ** 2 * shape.width;
  // forward q, k, v in, mixed out; backward those and its gradient in, three gradients out
  const attentionFloats = shape.depth * (4 + 8) * batch * tokens * shape.width;
  const floats = sumOver(numbersOf) + attentionFloats + OPTIMIZER_ACCESSES * parameters;
  return { parameters, flops: sumOver(flopsOf) + attentionFlops, bytes: FLOAT_BYTES * floats };
}
