import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import type { Activation } from "../kernels/activation";
import { Activate } from "../kernels/activateOp";
import { Linear, LinearGradW, LinearGradX } from "../kernels/linearOp";
import { hasKernel, run } from "../kernels/operation";
import { matrix, vector, type ParamMap } from "./params";
import { taped } from "./taped";

export interface ChainOptions {
  /** Between the layers; none after the last. */
  readonly activation: Activation;
  /** x is data and not a function of parameters: no gradient for it. */
  readonly constantInput?: boolean;
}

interface Layer {
  readonly weight: Tensor2D;
  readonly bias: Tensor1D;
}

/** Rows through the layers, and of each layer but the last its result before and after the activation. */
function forwardChain(rows: Tensor2D, layers: readonly Layer[], activation: Activation) {
  const preActivations: Tensor2D[] = [];
  const activations: Tensor2D[] = [];
  let result = rows;
  layers.forEach(({ weight, bias }, i) => {
    const attrs = { activation: i < layers.length - 1 ? activation : "none", chunks: 1 } as const;
    const [y, pre] = run(Linear, { x: result, weight, bias }, attrs) as [Tensor2D, Tensor2D?];
    if (i < layers.length - 1) {
      preActivations.push(pre ?? y);
      activations.push(y);
    }
    result = y;
  });
  return { result, preActivations, activations };
}

const activated = (activation: Activation, x: Tensor2D): Tensor2D =>
  activation === "none" ? tf.clone(x) : (run(Activate, { x }, { activation })[0] as Tensor2D);

/** A GPU computes an activation again in less than a dispatch's time and is short of memory; a CPU is neither. */
const keepsActivations = () => !hasKernel(Activate);

/**
 * Layers applied one after the other with an activation between, rows [N, in] -> `shape`: one taped operation, the
 * last reshaping with it, because tf.reshape keeps what it reshapes for the way back.
 */
function chainRows(
  rows: Tensor2D,
  layers: readonly Layer[],
  options: ChainOptions,
  shape: number[],
): Tensor {
  const { activation, constantInput = false } = options;
  const count = layers.length;
  const [rowCount] = rows.shape;
  const parameters = layers.flatMap(({ weight, bias }) => [weight, bias]);
  const made = taped(
    constantInput ? parameters : [rows, ...parameters],
    (save) => {
      const { result, preActivations, activations } = forwardChain(rows, layers, activation);
      save([...parameters, rows, ...preActivations, ...(keepsActivations() ? activations : [])]);
      return [tf.reshape(result, shape)];
    },
    (dys, saved) => {
      const gradients: Tensor[] = [];
      let d = tf.reshape<tf.Rank.R2>((dys as [Tensor])[0], [rowCount, -1]);
      for (let i = count - 1; i >= 0; i--) {
        const [weight, bias] = saved.slice(2 * i) as [Tensor2D, Tensor1D];
        const kept = saved[2 * count + i] as Tensor2D; // the rows, or what the layer before gave
        const first = i === 0;
        const computed = first || keepsActivations() ? undefined : activated(activation, kept);
        const x = first ? kept : (computed ?? (saved[3 * count + i - 1] as Tensor2D));
        gradients.unshift(...run(LinearGradW, { dy: d, x, weight, bias }, {}));
        if (first && constantInput) break;
        const operands = first ? { dy: d, weight } : { dy: d, weight, pre: kept };
        const [dx] = run(LinearGradX, operands, { activation: first ? "none" : activation });
        computed?.dispose();
        d = dx as Tensor2D;
      }
      return constantInput ? gradients : [d, ...gradients];
    },
  );
  return (made as [Tensor])[0];
}

function layerOf(params: ParamMap, scope: string): Layer {
  return { weight: matrix(params, `${scope}.weight`), bias: vector(params, `${scope}.bias`) };
}

function assertWidth(scope: string, x: Tensor, inDim: number): void {
  if (x.shape.at(-1) === inDim) return;
  throw new StudioError(
    "SHAPE_MISMATCH",
    `${scope}: input [${x.shape.join(", ")}] does not end in ${inDim}, the width of its weight.`,
    "The weights do not belong to this model: check the size and encoder they were saved for.",
  );
}

/**
 * Linear maps over the last axis with an activation between them: x [..., in] -> [..., out]. Each scope is read
 * as `linear` reads its own.
 * @throws StudioError PARAM_MISSING, or SHAPE_MISMATCH when widths do not follow one another
 */
export function linearChain(
  params: ParamMap,
  scopes: readonly string[],
  x: Tensor,
  options: ChainOptions,
): Tensor {
  const layers = scopes.map((scope) => layerOf(params, scope));
  const [first, last] = [layers[0], layers.at(-1)];
  if (!first || !last) return x;
  const inDim = first.weight.shape[1];
  assertWidth(scopes[0] ?? "", x, inDim);
  const shape = [...x.shape.slice(0, -1), last.weight.shape[0]];
  return chainRows(tf.reshape(x, [-1, inDim]), layers, options, shape);
}

/**
 * y = x Wᵀ + b over the last axis: x [..., in] -> [..., out].
 * Reads `${scope}.weight` [out, in] (the reference's shape) and `${scope}.bias` [out].
 * @throws StudioError PARAM_MISSING, or SHAPE_MISMATCH when the width of x is not the weight's
 */
export const linear = (
  params: ParamMap,
  scope: string,
  x: Tensor,
  options: Pick<ChainOptions, "constantInput"> = {},
): Tensor => linearChain(params, [scope], x, { activation: "none", ...options });

/**
 * A linear map cut into equal parts of its columns: x [N, in] -> `count` tensors [N, out / count].
 * The parts lie apart in memory, so that taking one copies nothing.
 * @throws as linear
 */
export function linearChunks(
  params: ParamMap,
  scope: string,
  x: Tensor2D,
  count: number,
): Tensor2D[] {
  const { weight, bias } = layerOf(params, scope);
  assertWidth(scope, x, weight.shape[1]);
  return taped(
    [x, weight, bias],
    (save) => {
      save([x, weight, bias]);
      return run(Linear, { x, weight, bias }, { activation: "none", chunks: count });
    },
    (dys, saved) => {
      const [savedX, savedWeight, savedBias] = saved as [Tensor2D, Tensor2D, Tensor1D];
      const dy: Tensor2D = tf.concat(dys as Tensor2D[], 1); // [N, out]
      const operands = { dy, x: savedX, weight: savedWeight, bias: savedBias };
      return [
        ...run(LinearGradX, { dy, weight: savedWeight }, { activation: "none" }),
        ...run(LinearGradW, operands, {}),
      ];
    },
  ) as Tensor2D[];
}
