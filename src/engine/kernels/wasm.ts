import {
  getKernel,
  registerKernel,
  unregisterKernel,
  type KernelConfig,
  type KernelFunc,
} from "@tensorflow/tfjs-core";
import { createIdentity, slice } from "./wasmCopy";
import { createBatchMatMul } from "./wasmMatMul";
import { createTranspose } from "./wasmTranspose";

/**
 * Puts replacements in place of kernels of tfjs' wasm backend (4.22) that are slow; their meaning stays the
 * same. Call after the backend's module has loaded; a second call changes nothing but costs a layer.
 */
export function registerWasmKernels(): void {
  const config = (name: string): KernelConfig => getKernel(name, "wasm");
  const stock = (name: string): KernelFunc => config(name).kernelFunc;
  const replacements: [string, KernelFunc][] = [
    ["BatchMatMul", createBatchMatMul()],
    ["Slice", slice],
    ["Transpose", createTranspose(stock("Transpose"))],
    ["Identity", createIdentity(stock("Identity"))],
  ];
  for (const [kernelName, kernelFunc] of replacements) {
    const replaced = config(kernelName);
    unregisterKernel(kernelName, "wasm");
    // keeps the stock set-up: tfjs runs it when the backend starts, and a replacement may fall back on the stock kernel
    registerKernel({ ...replaced, kernelFunc });
  }
}
