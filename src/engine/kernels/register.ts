import * as tf from "@tensorflow/tfjs-core";
import { registerWebGpuOperations, type AnyOperation } from "./operation";
import { CHECK_CASES } from "./selfCheckCases";

/** Every operation that has a WGSL kernel: those with a row in selfCheckCases.ts. */
export const OPERATIONS: readonly AnyOperation[] = [
  ...new Set(
    [...CHECK_CASES.products, ...CHECK_CASES.byKind, ...CHECK_CASES.fixed].map(
      ({ registers }) => registers,
    ),
  ),
];

/** The name the studio's backend is registered by. */
const BACKEND = "webgpu";

export const registeredOperations = (): string[] => OPERATIONS.map(({ name }) => name);

/** Makes the fused kernels known to tfjs. */
export const registerFusedKernels = (): void => registerWebGpuOperations(BACKEND, OPERATIONS);

/** Removes kernels. An operation without its kernel runs its twin, as on backends that have no kernel for it. */
export function dropFusedKernels(operations: Iterable<string>): void {
  for (const name of operations) tf.unregisterKernel(name, BACKEND);
}
