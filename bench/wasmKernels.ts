import * as tf from "@tensorflow/tfjs-core";
import { registerWasmKernels } from "../src/engine/kernels/wasm";
import { StudioError } from "../src/common/errors/studioError";

/** The wasm backend's kernels as the package registers them, and as this project replaces them. */
export interface WasmKernelSets {
  readonly stock: readonly tf.KernelConfig[];
  readonly ours: readonly tf.KernelConfig[];
}

const registered = () => tf.getKernelsForBackend("wasm");

/** Puts these in force in place of what is registered. */
export function useKernels(kernels: readonly tf.KernelConfig[]): void {
  for (const { kernelName } of registered()) tf.unregisterKernel(kernelName, "wasm");
  for (const kernel of kernels) tf.registerKernel(kernel);
}

/** Starts tfjs' wasm backend, whose paths are set, and leaves our kernels in force. */
export async function startWasm(): Promise<WasmKernelSets> {
  const stock = registered();
  if (!(await tf.setBackend("wasm")) || tf.getBackend() !== "wasm") {
    throw new StudioError(
      "BACKEND_FAILED",
      `The wasm backend did not start (tfjs is on "${tf.getBackend()}").`,
      "Install the dependencies anew: its binaries lie in @tensorflow/tfjs-backend-wasm/dist.",
    );
  }
  await tf.ready();
  registerWasmKernels();
  return { stock, ours: registered() };
}
