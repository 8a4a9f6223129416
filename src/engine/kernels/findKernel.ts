import * as tf from "@tensorflow/tfjs-core";

/** A kernel of tfjs' registry; undefined where there is none, which tfjs' own type does not say. */
export const findKernel = (name: string, backend: string): tf.KernelConfig | undefined =>
  tf.getKernel(name, backend);
