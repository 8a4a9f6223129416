import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { registerWasmKernels } from "../src/kernels/wasm";
import { StudioError } from "../src/errors/studioError";

/** The wasm backend's kernels as the package registers them, and as this project replaces them. */
export interface WasmKernelSets {
  readonly stock: readonly tf.KernelConfig[];
  readonly ours: readonly tf.KernelConfig[];
}

const registered = () => tf.getKernelsForBackend("wasm");

/** Puts these in force in place of what is registered under their names. */
export function useKernels(kernels: readonly tf.KernelConfig[]): void {
  for (const { kernelName } of registered()) tf.unregisterKernel(kernelName, "wasm");
  for (const kernel of kernels) tf.registerKernel(kernel);
}

/** tfjs' wasm backend in Node: SIMD, one thread. Leaves our kernels in force. */
export async function startWasmInNode(): Promise<WasmKernelSets> {
  const packageJson = createRequire(resolve("package.json")).resolve(
    "@tensorflow/tfjs-backend-wasm/package.json",
  );
  setWasmPaths(`${join(dirname(packageJson), "dist")}/`);
  setThreadsCount(1);
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
