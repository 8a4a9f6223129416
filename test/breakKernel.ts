import * as tf from "@tensorflow/tfjs-core";
import { onTestFinished } from "vitest";
import { findKernel } from "../src/engine/kernels/findKernel";
import { currentStudioBackend, type StudioBackend } from "../src/engine/kernels/studioBackend";

/**
 * For the rest of the test, the WebGPU kernel of an operation gives zeros wherever `when` says so, as some GPUs do.
 * The results are those of the kernel, so that their shapes are right.
 * @returns a function that puts the kernel back before the test ends
 */
export function breakKernel(
  { name }: { readonly name: string },
  when: (device: StudioBackend) => boolean,
): () => void {
  const { kernelFunc, ...rest } = tf.getKernel(name, "webgpu");
  const replace = (func: tf.KernelFunc) => {
    if (findKernel(name, "webgpu")) tf.unregisterKernel(name, "webgpu");
    tf.registerKernel({ ...rest, kernelFunc: func });
  };
  replace((call) => {
    const results = kernelFunc(call);
    const device = currentStudioBackend();
    if (device && when(device)) for (const result of [results].flat()) device.clear(result);
    return results;
  });
  const putBack = () => replace(kernelFunc);
  onTestFinished(putBack);
  return putBack;
}
