import type { ProductRecipe, VariantRecipe } from "../src/engine/bench/measure";
import { plainProduct } from "../src/engine/bench/matmulPeak";
import { createTrainerVariant } from "../src/engine/bench/trainerVariant";
import { createPlainTrainer } from "../src/engine/training/trainer";
import { computeAlone } from "../src/engine/kernels/wasm";
import { useBackend } from "../src/engine/bench/webGpu";
import {
  fusedWebGpu,
  replayedWebGpu,
  stockWebGpu,
  webGpuProducts,
  type WebGpuSite,
} from "../src/engine/bench/webGpuVariants";
import { jaxProduct } from "./jax/product";
import { createJaxVariant } from "./jax/variant";
import { useKernels, type WasmKernelSets } from "./wasmKernels";

/** What there is to run on. */
export interface Grounds extends WebGpuSite {
  readonly wasm: WasmKernelSets;
  /** Threads of our kernels; those of the package have one. */
  readonly wasmThreads: number;
}

type Recipe = VariantRecipe<Grounds>;

const onWasm = (id: string, name: string, set: keyof WasmKernelSets, alone = false): Recipe => ({
  id,
  own: true,
  create: (workload, { clockMs, wasm }) =>
    createTrainerVariant({
      open: createPlainTrainer,
      name,
      workload,
      prepare: async () => {
        await useBackend("wasm");
        useKernels(wasm[set]);
        computeAlone(alone);
      },
      clockMs,
    }),
});

const jax = (device: "wasm" | "webgpu"): Recipe => ({
  id: `jax-${device}`,
  own: false,
  create: async (workload, { clockMs, webgpu }) =>
    device === "wasm" || webgpu ? createJaxVariant({ workload, device, clockMs }) : undefined,
});

/** In the order of the table; the first one that runs is what the others' losses are compared with. */
export const RECIPES: readonly Recipe[] = [
  stockWebGpu,
  fusedWebGpu,
  replayedWebGpu,
  jax("webgpu"),
  onWasm("wasm-stock", "tfjs wasm, stock kernels", "stock"),
  onWasm("wasm-one", "tfjs wasm, our kernels, one thread", "ours", true),
  onWasm("wasm-ours", "tfjs wasm, our kernels", "ours"),
  jax("wasm"),
];

/** The large products of the libraries whose variants run. */
export function productRecipes(ids: readonly string[], grounds: Grounds): ProductRecipe[] {
  const runs = (prefix: string) => ids.some((id) => id.startsWith(prefix));
  const other = (device: "wasm" | "webgpu"): ProductRecipe => ({
    open: async () => {
      const product = await jaxProduct(device);
      return product && { product, close: () => undefined };
    },
  });
  const wasmProduct: ProductRecipe = {
    open: async () => {
      await useBackend("wasm");
      return { product: plainProduct("studio wasm"), close: () => undefined };
    },
  };
  return [
    ...webGpuProducts(grounds),
    ...(grounds.webgpu && runs("jax-webgpu") ? [other("webgpu")] : []),
    ...(runs("wasm") ? [wasmProduct] : []),
    ...(runs("jax-wasm") ? [other("wasm")] : []),
  ];
}
