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
 * Replaces slow kernels of tfjs' wasm backend (4.22) by faster ones with the same results. Call it once, after the
 * backend's module has loaded: a second call wraps the replacements again, which only costs time.
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
    // keeps the set-up of tfjs' kernel: tfjs runs it when the backend starts, and a replacement may call that kernel
    registerKernel({ ...replaced, kernelFunc });
  }
}
