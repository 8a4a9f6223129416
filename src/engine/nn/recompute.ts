import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { backward } from "./backward";
import type { ParamMap } from "./params";

/**
 * f(params, inputs), keeping only what goes in: on the way back f runs again on a tape of its own, which gives
 * the same gradients for about a third more time. f must be pure, and everything that wants a gradient must
 * be among `params` and `inputs`; anything else f reads is a constant that outlives the step.
 * @source Chen et al. (arXiv:1604.06174)
 */
export function recompute<T extends Tensor>(
  params: ParamMap,
  inputs: readonly Tensor[],
  f: (params: ParamMap, inputs: readonly Tensor[]) => T,
): T {
  const names = Object.keys(params);
  const call = (tensors: readonly Tensor[]) =>
    f(
      Object.fromEntries(
        tensors.slice(0, names.length).map((tensor, i) => [names[i] ?? "", tensor]),
      ),
      tensors.slice(names.length),
    );
  const op = tf.customGrad((...args) => {
    const tensors = args.slice(0, -1) as Tensor[];
    (args.at(-1) as tf.GradSaveFunc)(tensors);
    return {
      value: call(tensors),
      gradFunc: (dy, saved) => {
        const { value, gradients } = backward(() => call(saved), saved, dy);
        value.dispose();
        return saved.map((tensor, i) => gradients[i] ?? tf.zerosLike(tensor));
      },
    };
  });
  return op(...Object.values(params), ...inputs) as T;
}
