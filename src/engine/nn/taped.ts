import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/** What the engine does under tf.customGrad, which allows one output only. */
interface CustomGradients {
  runKernelFunc: (call: {
    readonly inputs: Readonly<Record<string, Tensor>>;
    readonly forwardFunc: (backend: unknown, save: (tensors: Tensor[]) => void) => Tensor[];
    readonly backwardsFunc: (
      dys: Tensor | Tensor[],
      saved: Tensor[],
    ) => Record<string, () => Tensor>;
  }) => Tensor[];
}

/**
 * One node of the tape with a gradient of its own, of any number of inputs and outputs.
 * @param forward makes the outputs; what `backward` needs must be saved, not captured
 * @param backward gradients of the inputs, in their order, from those of the outputs; new tensors
 */
export function taped(
  inputs: readonly Tensor[],
  forward: (save: (tensors: Tensor[]) => void) => Tensor[],
  backward: (dys: readonly Tensor[], saved: readonly Tensor[]) => Tensor[],
): Tensor[] {
  const engine = tf.engine() as unknown as CustomGradients;
  return engine.runKernelFunc({
    inputs: Object.fromEntries(inputs.map((tensor, i) => [i, tensor])),
    forwardFunc: (_, save) => forward(save),
    backwardsFunc: (dy, saved) => {
      const dys = Array.isArray(dy) ? dy : [dy];
      const gradients = tf.tidy(() => backward(dys, saved));
      return Object.fromEntries(gradients.map((gradient, i) => [i, () => gradient] as const));
    },
  });
}
