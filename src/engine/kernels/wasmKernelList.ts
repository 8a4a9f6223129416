import type { Assembly } from "./wasmAssembler";
import { ATTENTION, ATTENTION_GRAD } from "./wasmAttentionCode";
import type { WasmKernel } from "./wasmKernel";
import { addProduct, PRODUCT } from "./wasmProductCode";
import { ROW_KERNELS } from "./wasmRowCode";

/** All kernels of the module. */
export const WASM_KERNELS: readonly WasmKernel[] = [
  PRODUCT,
  ATTENTION,
  ATTENTION_GRAD,
  ...ROW_KERNELS,
];

export function addWasmKernels(assembly: Assembly): void {
  const product = addProduct(assembly);
  for (const kernel of WASM_KERNELS) kernel.add(assembly, product);
}
