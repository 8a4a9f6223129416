import * as tf from "@tensorflow/tfjs-core";
import type { Rank, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import type { Activation } from "../kernels/activation";
import { Activate } from "../kernels/activateOp";
import {
  Linear,
  LinearActivated,
  LinearChunks,
  LinearGradW,
  LinearGradX,
} from "../kernels/linearOp";
import { hasKernel, run } from "../kernels/operation";
import { ofRank, withRankOf } from "../kernels/ranks";
import { named } from "../kernels/named";
import { customOp } from "./customOp";
import { matrix, vector, type ParamMap } from "./params";

export interface ChainOptions {
  /** Between the layers; none after the last. */
  readonly activation: Activation;
  /** x is data and not a function of parameters: no gradient for it. */
  readonly constantInput?: boolean;
}

/** weight [out, in], bias [out]. */
type LinearLayer = Readonly<{ weight: Tensor2D; bias: Tensor1D }>;

/** A layer's result, and what it was before the activation. */
function forwardLayer(x: Tensor2D, layer: LinearLayer, activation: Activation) {
  if (activation !== "none") return run(LinearActivated, { x, ...layer }, { activation });
  const { y } = run(Linear, { x, ...layer }, {});
  return { y, pre: y };
}

/** Rows through the layers, and of each layer but the last its result before and after the activation. */
function forwardChain(rows: Tensor2D, layers: readonly LinearLayer[], activation: Activation) {
  const preActivations: Tensor2D[] = [];
  const activations: Tensor2D[] = [];
  let result = rows;
  layers.forEach((layer, i) => {
    const last = i === layers.length - 1;
    const { y, pre } = forwardLayer(result, layer, last ? "none" : activation);
    if (!last) {
      preActivations.push(pre);
      activations.push(y);
    }
    result = y;
  });
  return { result, preActivations, activations };
}

const activated = (activation: Activation, x: Tensor2D): Tensor2D =>
  activation === "none" ? tf.clone(x) : ofRank(run(Activate, { x }, { activation }).y, "R2");

/** A GPU computes an activation again in less than the time of a dispatch and has little memory; a CPU has neither limit. */
const keepsActivations = () => tf.getBackend() === "wasm" || !hasKernel(Activate);

/** What the backward pass through a chain reads. */
type SavedChain = Readonly<{
  layers: readonly LinearLayer[];
  rows: Tensor2D;
  /** Of each layer but the last. */
  preActivations: readonly Tensor2D[];
  /** The same after the activation; empty where they are computed again. */
  activations: readonly Tensor2D[];
}>;

/**
 * Gradients of a chain from that of its result, dy [N, out], last layer first.
 * @param constantInput the rows get no gradient
 */
function backwardChain(
  dy: Tensor2D,
  { layers, rows, preActivations, activations }: SavedChain,
  activation: Activation,
  constantInput: boolean,
) {
  const gradients: LinearLayer[] = [];
  let d = dy;
  for (const [i, layer] of [...layers.entries()].reverse()) {
    const pre = preActivations[i - 1]; // undefined for the first layer, which reads the rows
    const kept = activations[i - 1];
    const computed = pre && !kept ? activated(activation, pre) : undefined;
    const x = kept ?? computed ?? rows;
    const { dWeight, dBias } = run(LinearGradW, { dy: d, x, ...layer }, {});
    gradients.unshift({ weight: dWeight, bias: dBias });
    if (!pre && constantInput) return { rows: undefined, layers: gradients };
    const { weight } = layer;
    const { dx } = pre
      ? run(LinearGradX, { dy: d, weight, pre }, { activation })
      : run(LinearGradX, { dy: d, weight }, { activation: "none" });
    computed?.dispose();
    d = dx;
  }
  return { rows: d, layers: gradients };
}

/**
 * Layers applied one after the other with an activation between, rows [N, in] -> x's shape with the last axis
 * replaced. One operation that reshapes as well, because tf.reshape keeps what it reshapes for the backward pass.
 */
function chainRows<R extends Rank>(
  x: Tensor<R>,
  rows: Tensor2D,
  layers: readonly LinearLayer[],
  { activation, constantInput = false }: ChainOptions,
): Tensor<R> {
  const [rowCount] = rows.shape;
  return customOp({
    inputs: { rows: constantInput ? undefined : rows, layers },
    constants: { x: rows },
    forward: ({ x: first, layers: given }) => {
      const { result, preActivations, activations } = forwardChain(first, given, activation);
      const shape = [...x.shape.slice(0, -1), result.shape[1]];
      return {
        value: withRankOf(tf.reshape(result, shape), x),
        saved: {
          layers: given,
          rows: first,
          preActivations,
          activations: keepsActivations() ? activations : [],
        },
      };
    },
    backward: (dy, saved) =>
      backwardChain(tf.reshape(dy, [rowCount, -1]), saved, activation, constantInput),
  });
}

function layerOf(params: ParamMap, scope: string): LinearLayer {
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
 * Linear maps over the last axis with an activation between them: x [..., in] -> [..., out]. Reads each scope
 * as `linear` does.
 * @throws StudioError PARAM_MISSING, or SHAPE_MISMATCH when the width of x is not the first weight's
 */
export function linearChain<R extends Rank>(
  params: ParamMap,
  scopes: readonly string[],
  x: Tensor<R>,
  options: ChainOptions,
): Tensor<R> {
  const layers = scopes.map((scope) => layerOf(params, scope));
  const [first] = layers;
  if (!first) return x;
  const inDim = first.weight.shape[1];
  assertWidth(scopes[0] ?? "", x, inDim);
  return chainRows(x, tf.reshape(x, [-1, inDim]), layers, options);
}

/**
 * y = x Wᵀ + b over the last axis: x [..., in] -> [..., out].
 * Reads `${scope}.weight` [out, in] (the reference's shape) and `${scope}.bias` [out].
 * @throws StudioError PARAM_MISSING, or SHAPE_MISMATCH when the width of x is not the weight's
 */
export const linear = <R extends Rank>(
  params: ParamMap,
  scope: string,
  x: Tensor<R>,
  options: Pick<ChainOptions, "constantInput"> = {},
): Tensor<R> => linearChain(params, [scope], x, { activation: "none", ...options });

/**
 * A linear map cut into equal parts of its columns, in the order of `names`: x [N, in] -> each [N, out / count].
 * Each part is contiguous in memory, so that taking one copies nothing.
 * @throws as linear
 */
export function linearChunks<Name extends string>(
  params: ParamMap,
  scope: string,
  x: Tensor2D,
  names: readonly Name[],
): Record<Name, Tensor2D> {
  const { weight, bias } = layerOf(params, scope);
  assertWidth(scope, x, weight.shape[1]);
  return customOp({
    inputs: { x, weight, bias },
    forward: (given) => {
      const { chunks } = run(LinearChunks, given, { count: names.length });
      return { value: named(names, chunks), saved: given };
    },
    backward: (dChunks, saved) => {
      const dy: Tensor2D = tf.concat(
        names.map((name) => dChunks[name]),
        1,
      ); // [N, out]
      const { dx } = run(LinearGradX, { dy, weight: saved.weight }, { activation: "none" });
      const { dWeight, dBias } = run(LinearGradW, { dy, ...saved }, {});
      return { x: dx, weight: dWeight, bias: dBias };
    },
  });
}
