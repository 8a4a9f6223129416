import * as tf from "@tensorflow/tfjs-core";
import { registerWasmKernels } from "../src/engine/kernels/wasm";
import { openWasm, type WasmThreads } from "../workers/runtime";

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

/** Starts tfjs' wasm backend, whose paths are set, with threads, and leaves our kernels in force. */
export async function startWasm(threads: WasmThreads): Promise<WasmKernelSets> {
  const stock = registered();
  const problem = await openWasm(threads);
  if (problem !== undefined) console.error(`one thread: ${problem}`);
  registerWasmKernels();
  return { stock, ours: registered() };
}
