import { createTapedVariant } from "../src/bench/tapedVariant";
import type { Variant } from "../src/bench/variant";
import type { StudioBackend } from "../src/kernels/studioBackend";
import type { Workload } from "../src/bench/workloads";
import { createJaxVariant } from "./jax/variant";
import { STOCK_BACKEND, useBackend } from "./stockWebGpu";
import { useKernels, type WasmKernelSets } from "./wasmKernels";

/** What there is to run on. */
export interface Grounds {
  readonly workload: Workload;
  /** Whether STOCK_BACKEND is registered. */
  readonly webgpu: boolean;
  /** The project's backend, registered as "webgpu". */
  readonly studio: StudioBackend | undefined;
  readonly wasm: WasmKernelSets;
  readonly clockMs: () => number;
}

/** How to make a variant; undefined where it cannot run. */
export interface VariantRecipe {
  readonly id: string;
  /** Whether its losses must be those of the other own variants, or are only reported. */
  readonly own: boolean;
  readonly create: (grounds: Grounds) => Promise<Variant | undefined>;
}

const stock: VariantRecipe = {
  id: "webgpu-plain",
  own: true,
  create: async ({ workload, clockMs, webgpu }) =>
    webgpu
      ? createTapedVariant({
          name: "tfjs webgpu, plain",
          workload,
          prepare: () => useBackend(STOCK_BACKEND),
          clockMs,
        })
      : undefined,
};

const fusedTaped: VariantRecipe = {
  id: "webgpu-fused",
  own: true,
  create: async ({ workload, clockMs, studio }) =>
    studio &&
    createTapedVariant({
      name: "studio webgpu, fused, taped",
      workload,
      prepare: () => useBackend("webgpu"),
      clockMs,
      profile: (step) => studio.profile(step),
    }),
};

const onWasm = (id: string, name: string, set: keyof WasmKernelSets): VariantRecipe => ({
  id,
  own: true,
  create: ({ workload, clockMs, wasm }) =>
    createTapedVariant({
      name,
      workload,
      prepare: async () => {
        await useBackend("wasm");
        useKernels(wasm[set]);
      },
      clockMs,
    }),
});

const jax = (device: "wasm" | "webgpu"): VariantRecipe => ({
  id: `jax-${device}`,
  own: false,
  create: async ({ workload, clockMs, webgpu }) =>
    device === "wasm" || webgpu ? createJaxVariant({ workload, device, clockMs }) : undefined,
});

/** In the order of the table; the first one that runs is what the others' losses are compared with. */
export const RECIPES: readonly VariantRecipe[] = [
  stock,
  fusedTaped,
  jax("webgpu"),
  onWasm("wasm-stock", "tfjs wasm, stock kernels", "stock"),
  onWasm("wasm-ours", "tfjs wasm, our kernels", "ours"),
  jax("wasm"),
];
