import type { ProductLayout } from "../kernels/productFrame";
import { tokenCount, type Workload } from "./workloads";

/** One kind of matrix product in a training step: [M, K] x [K, N]. */
export interface StepProduct {
  /** Of which linear map: "qkv", "mlp.fc1" and so on. */
  readonly of: string;
  readonly layout: ProductLayout;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** How often a step computes it. */
  readonly times: number;
}

/** y = x Wᵀ on so many rows. */
interface LinearMap {
  readonly name: string;
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly times: number;
  /** Whether the gradient of its input is needed; not where the input is data. */
  readonly inputGradient: boolean;
}

function linearMaps(workload: Workload): LinearMap[] {
  const { shape, batch, projectorWidth, featureWidth } = workload;
  const { width, depth, patchSize, inChannels, frequencySize, mlpRatio } = shape;
  const rows = batch * tokenCount(workload);
  const patch = patchSize ** 2 * inChannels;
  const once = (name: string, n: number, inputs: number, outputs: number): LinearMap => ({
    ...{ name, rows: n, inputs, outputs },
    times: 1,
    inputGradient: true,
  });
  const inBlock = (name: string, n: number, inputs: number, outputs: number): LinearMap => ({
    ...once(name, n, inputs, outputs),
    times: depth,
  });
  return [
    { ...once("x_embedder", rows, patch, width), inputGradient: false },
    { ...once("t_embedder 0", batch, frequencySize, width), inputGradient: false },
    once("t_embedder 2", batch, width, width),
    inBlock("qkv", rows, width, 3 * width),
    inBlock("attention out", rows, width, width),
    inBlock("mlp 1", rows, width, mlpRatio * width),
    inBlock("mlp 2", rows, mlpRatio * width, width),
    inBlock("adaLN", batch, width, 6 * width),
    once("final adaLN", batch, width, 2 * width),
    once("final linear", rows, width, patch),
    once("projector 0", rows, width, projectorWidth),
    once("projector 2", rows, projectorWidth, projectorWidth),
    once("projector 4", rows, projectorWidth, featureWidth),
  ];
}

/** The matrix products of one training step, forward and backward, attention's not among them. */
export function stepProducts(workload: Workload): readonly StepProduct[] {
  return linearMaps(workload).flatMap(({ name, rows, inputs, outputs, times, inputGradient }) => {
    const forward: StepProduct = {
      ...{ of: name, layout: "nt", m: rows, n: outputs, k: inputs, times },
    };
    const gradX: StepProduct = {
      ...{ of: name, layout: "nn", m: rows, n: inputs, k: outputs, times },
    };
    const gradW: StepProduct = {
      ...{ of: name, layout: "tn", m: outputs, n: inputs, k: rows, times },
    };
    return inputGradient ? [forward, gradX, gradW] : [forward, gradW];
  });
}

/** Floating-point operations of one such product; two for a multiply-add. */
export const flopsOf = ({ m, n, k }: StepProduct): number => 2 * m * n * k;

/** Numbers of operands and result, each once. */
export const numbersOf = ({ m, n, k }: StepProduct): number => m * k + k * n + m * n;
