import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { backward } from "./backward";
import { customOp } from "./customOp";
import type { ParamMap } from "./params";
import { leavesOf, withLeaves } from "./tensorTree";

/**
 * f(params, inputs), keeping only its parameters and inputs: in the backward pass f runs again on a tape of its own, which gives
 * the same gradients for about a third more time. f must be pure, and everything that needs a gradient must be among
 * `params` and `inputs`; anything else f reads is a constant that outlives the step.
 * @source Chen et al. (arXiv:1604.06174)
 */
export const recompute = <Inputs extends Readonly<Record<string, Tensor>>, T extends Tensor>(
  params: ParamMap,
  inputs: Inputs,
  f: (params: ParamMap, inputs: Inputs) => T,
): T =>
  customOp({
    inputs: { params, inputs },
    forward: (given) => ({ value: f(given.params, given.inputs), saved: given }),
    backward: (dy, saved) => {
      const tensors = leavesOf(saved).map(([, tensor]) => tensor);
      const again = () => f(saved.params, saved.inputs);
      const { value, gradients } = backward(again, tensors, dy);
      value.dispose();
      return withLeaves(
        saved,
        tensors.map((tensor, i) => gradients[i] ?? tf.zerosLike(tensor)),
      );
    },
  });
