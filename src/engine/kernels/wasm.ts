import {
  backend,
  getKernel,
  registerKernel,
  unregisterKernel,
  type KernelFunc,
} from "@tensorflow/tfjs-core";
import { findKernel } from "./findKernel";
import type { KernelName, WasmBackend } from "./wasmBackend";
import { createIdentity, slice } from "./wasmCopy";
import { batchMatMul } from "./wasmMatMul";
import { WASM_OPERATIONS } from "./wasmOperations";
import { poolOf, type StartThread } from "./wasmPool";
import { createTranspose } from "./wasmTranspose";

/**
 * Replaces slow kernels of tfjs' wasm backend (4.22) by faster ones with the same results. Call it once, after the
 * backend's module has loaded: a second call wraps the replacements again, which only costs time.
 */
export function registerWasmKernels(): void {
  const stock = (name: KernelName): KernelFunc => getKernel(name, "wasm").kernelFunc;
  const replacements = [
    batchMatMul,
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
  for (const kernel of WASM_OPERATIONS) {
    if (!findKernel(kernel.kernelName, "wasm")) registerKernel(kernel);
  }
}

const currentPool = () => poolOf(backend() as unknown as WasmBackend);

/** Threads that compute on the current backend, which is wasm; the calling one counts. */
export const wasmThreads = (): number => currentPool().threads();

/** Starts `count` more threads for the current backend, which is wasm. */
export const startWasmThreads = (count: number, start: StartThread): Promise<void> =>
  currentPool().startThreads(count, start);

/** Whether the other threads rest, for measurements. */
export const computeAlone = (alone: boolean): void => currentPool().computeAlone(alone);
