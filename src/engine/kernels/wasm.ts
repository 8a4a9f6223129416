import {
  getKernel,
  registerKernel,
  unregisterKernel,
  type KernelFunc,
} from "@tensorflow/tfjs-core";
import type { KernelName } from "./wasmBackend";
import { createIdentity, slice } from "./wasmCopy";
import { createBatchMatMul } from "./wasmMatMul";
import { createTranspose } from "./wasmTranspose";

/**
 * Puts replacements in place of kernels of tfjs' wasm backend (4.22) that are slow; their meaning stays the
 * same. Call after the backend's module has loaded; a second call changes nothing but costs a layer.
 */
export function registerWasmKernels(): void {
  const stock = (name: KernelName): KernelFunc => getKernel(name, "wasm").kernelFunc;
  const replacements = [
    createBatchMatMul(),
    slice,
    createTranspose(stock("Transpose")),
    createIdentity(stock("Identity")),
  ];
  for (const { kernelName, kernelFunc } of replacements) {
    const replaced = getKernel(kernelName, "wasm");
    unregisterKernel(kernelName, "wasm");
    // keeps the stock set-up: tfjs runs it when the backend starts, and a replacement may fall back on the stock kernel
    registerKernel({ ...replaced, kernelFunc });
  }
}
