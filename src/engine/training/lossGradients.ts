import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { ofRank } from "../kernels/ranks";
import { submitPerDispatch } from "../kernels/submitPerDispatch";
import { backward } from "../nn/backward";
import { pickParams, type ParamMap } from "../nn/params";
import { dotProduct } from "./gradients";
import type { TrainBatch } from "./trainBatch";
import {
  activeNames,
  assertEncoderDepth,
  repaLoss,
  type LossOptions,
  type Losses,
} from "./trainStep";

/** Gradients of the two losses, each alone, by the names of the model's parameters. */
export interface LossGradients {
  readonly velocity: ParamMap;
  /** Of the alignment loss without λ; holds only what the loss depends on: nothing after the aligned block. */
  readonly alignment: ParamMap;
}

/** Gradients of what `loss` computes; parameters it does not depend on are left out. */
function gradientsOf(loss: () => Scalar, params: ParamMap): ParamMap {
  const { value, gradients } = backward(loss, Object.values(params));
  value.dispose();
  const found = Object.keys(params).flatMap((name, i): [string, Tensor][] => {
    const gradient = gradients[i];
    return gradient ? [[name, gradient]] : [];
  });
  return Object.fromEntries(found);
}

/**
 * Velocity gradient + λ alignment gradient is the gradient a step clips and applies to the model (projectors get
 * theirs from the alignment alone). The caller owns what is returned.
 * @throws StudioError as repaLoss
 */
export function lossGradients(
  params: ParamMap,
  batch: TrainBatch,
  options: LossOptions,
): LossGradients {
  assertEncoderDepth(options);
  const own = pickParams(params, activeNames(params, []));
  const { shape, alignment } = options;
  // the blocks after the aligned one do not change this loss
  const upToAligned = { ...options, shape: { ...shape, depth: alignment.encoderDepth } };
  const loss = (name: keyof Losses, settings: LossOptions) => () =>
    repaLoss(params, batch, settings)[name];
  return {
    velocity: gradientsOf(loss("velocityLoss", options), own),
    alignment: gradientsOf(loss("projLoss", upToAligned), own),
  };
}

/** a · b; 0 where a loss does not depend on the parameter. */
const productOf = (a: Tensor | undefined, b: Tensor | undefined): Scalar =>
  a && b ? dotProduct(a, b) : tf.scalar(0);

/** All that the angle between the gradients needs, on the device. */
export interface LossGradientProducts {
  readonly names: readonly string[];
  /** A row for each name, [velocity · alignment, |velocity|², |alignment|²]; the caller's. */
  readonly products: Tensor2D;
}

/**
 * Only reads the parameters, so that steps that are replayed afterwards give the same results.
 * @param batch at most a micro-batch: its activations, and the gradients, are held at once
 * @throws StudioError as repaLoss
 */
export function lossGradientProducts(
  params: ParamMap,
  batch: TrainBatch,
  options: LossOptions,
): LossGradientProducts {
  const names = activeNames(params, []);
  const measure = (): Tensor2D => {
    const { velocity, alignment } = lossGradients(params, batch, options);
    const rows = names.map((name) => {
      const [v, a] = [velocity[name], alignment[name]];
      return tf.stack([productOf(v, a), productOf(v, v), productOf(a, a)]);
    });
    return ofRank(tf.stack(rows), "R2");
  };
  return { names, products: submitPerDispatch(() => tf.tidy(measure)) };
}
