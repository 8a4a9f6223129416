import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { currentStudioBackend, type StudioBackend } from "../src/kernels/studioBackend";

/**
 * Until it is disposed, the WebGPU kernel of an operation gives zeros wherever `when` says so, as some GPUs do.
 * The results are those of the kernel, so that their shapes are right.
 */
export function breakKernel(
  { name }: { readonly name: string },
  when: (device: StudioBackend) => boolean,
): Disposable {
  const { kernelFunc, ...rest } = tf.getKernel(name, "webgpu");
  const remove = () => {
    if (tf.getKernel(name, "webgpu") as tf.KernelConfig | undefined) {
      tf.unregisterKernel(name, "webgpu");
    }
  };
  remove();
  tf.registerKernel({
    ...rest,
    kernelFunc: (call) => {
      const results = kernelFunc(call) as TensorInfo[];
      const device = currentStudioBackend();
      if (device && when(device)) for (const result of results) device.clear(result);
      return results;
    },
  });
  return {
    [Symbol.dispose]: () => {
      remove();
      tf.registerKernel({ ...rest, kernelFunc });
    },
  };
}
