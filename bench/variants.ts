import type { ProductRecipe, VariantRecipe } from "../src/bench/measure";
import { linearProduct, plainProduct } from "../src/bench/matmulPeak";
import { createTrainerVariant } from "../src/bench/trainerVariant";
import { createPlainTrainer } from "../src/training/trainer";
import type { Variant } from "../src/bench/variant";
import { createDeviceTrainer } from "../src/training/deviceTrainer";
import { jaxProduct } from "./jax/product";
import { createJaxVariant } from "./jax/variant";
import { useBackend, type WebGpuGrounds } from "./webgpu";
import { useKernels, type WasmKernelSets } from "./wasmKernels";

/** What there is to run on. */
export interface Grounds {
  readonly webgpu: WebGpuGrounds | undefined;
  readonly wasm: WasmKernelSets;
  readonly clockMs: () => number;
}

type Recipe = VariantRecipe<Grounds>;

/** `variant`, with its backend freed after it. */
const closing = (variant: Variant, close: () => void): Variant => ({
  ...variant,
  dispose: () => {
    variant.dispose();
    close();
  },
});

const stock: Recipe = {
  id: "webgpu-plain",
  own: true,
  create: async (workload, { clockMs, webgpu }) => {
    if (!webgpu) return undefined;
    const { use, close } = await webgpu.openStock("webgpu-plain");
    const variant = await createTrainerVariant({
      name: "tfjs webgpu, plain",
      open: createPlainTrainer,
      workload,
      prepare: use,
      clockMs,
    });
    return closing(variant, close);
  },
};

const fused = (id: string, name: string, replays: boolean): Recipe => ({
  id,
  own: true,
  create: async (workload, { clockMs, webgpu }) => {
    if (!webgpu) return undefined;
    const { backend, use, close } = await webgpu.openStudio(id);
    const variant = await createTrainerVariant({
      name,
      open: (initial) => createDeviceTrainer(backend, initial, { replays }),
      workload,
      prepare: use,
      clockMs,
      // a replayed step is submitted as it was recorded: only an encoded one can be timed by kernel
      ...(!replays && { profile: (step: () => void) => backend.profile(step) }),
    });
    return closing(variant, close);
  },
});

const onWasm = (id: string, name: string, set: keyof WasmKernelSets): Recipe => ({
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
  stock,
  fused("webgpu-fused", "studio webgpu, fused, taped", false),
  fused("webgpu-replayed", "studio webgpu, fused, replayed", true),
  jax("webgpu"),
  onWasm("wasm-stock", "tfjs wasm, stock kernels", "stock"),
  onWasm("wasm-ours", "tfjs wasm, our kernels", "ours"),
  jax("wasm"),
];

/** The large products of the libraries whose variants run. */
export function productRecipes(ids: readonly string[], { webgpu }: Grounds): ProductRecipe[] {
  const runs = (prefix: string) => ids.some((id) => id.startsWith(prefix));
  const other = (device: "wasm" | "webgpu"): ProductRecipe => ({
    open: async () => {
      const product = await jaxProduct(device);
      return product && { product, close: () => undefined };
    },
  });
  const stockProduct: ProductRecipe = {
    open: async () => {
      const opened = await webgpu?.openStock("webgpu-product");
      await opened?.use();
      return opened && { product: plainProduct("tfjs webgpu"), close: opened.close };
    },
  };
  const studioProduct: ProductRecipe = {
    open: async () => {
      const opened = await webgpu?.openStudio("webgpu-studio-product");
      await opened?.use();
      return opened && { product: linearProduct("studio webgpu"), close: opened.close };
    },
  };
  const wasmProduct: ProductRecipe = {
    open: async () => {
      await useBackend("wasm");
      return { product: plainProduct("tfjs wasm"), close: () => undefined };
    },
  };
  return [
    ...(webgpu ? [stockProduct, studioProduct] : []),
    ...(webgpu && runs("jax-webgpu") ? [other("webgpu")] : []),
    ...(runs("wasm") ? [wasmProduct] : []),
    ...(runs("jax-wasm") ? [other("wasm")] : []),
  ];
}
