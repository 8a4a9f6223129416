import type { ProductRecipe, VariantRecipe } from "../src/bench/measure";
import { linearProduct, plainProduct } from "../src/bench/matmulPeak";
import { createTrainerVariant } from "../src/bench/trainerVariant";
import { createPlainTrainer } from "../src/training/trainer";
import type { StudioBackend } from "../src/kernels/studioBackend";
import { createDeviceTrainer } from "../src/training/deviceTrainer";
import { jaxProduct } from "./jax/product";
import { createJaxVariant } from "./jax/variant";
import { STOCK_BACKEND, useBackend } from "./stockWebGpu";
import { useKernels, type WasmKernelSets } from "./wasmKernels";

/** What there is to run on. */
export interface Grounds {
  /** Whether there is an adapter; then STOCK_BACKEND is registered. */
  readonly webgpu: boolean;
  /** The project's backend, registered as "webgpu". */
  readonly studio: StudioBackend | undefined;
  readonly wasm: WasmKernelSets;
  readonly clockMs: () => number;
}

type Recipe = VariantRecipe<Grounds>;

const stock: Recipe = {
  id: "webgpu-plain",
  own: true,
  create: async (workload, { clockMs, webgpu }) =>
    webgpu
      ? createTrainerVariant({
          open: createPlainTrainer,
          name: "tfjs webgpu, plain",
          workload,
          prepare: () => useBackend(STOCK_BACKEND),
          clockMs,
        })
      : undefined,
};

const fused = (id: string, name: string, replays: boolean): Recipe => ({
  id,
  own: true,
  create: async (workload, { clockMs, studio }) =>
    studio &&
    createTrainerVariant({
      open: (initial) => createDeviceTrainer(studio, initial, { replays }),
      name,
      workload,
      prepare: () => useBackend("webgpu"),
      clockMs,
      // a replayed step is submitted as it was recorded: only an encoded one can be timed by kernel
      ...(!replays && { profile: (step: () => void) => studio.profile(step) }),
    }),
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
export function productRecipes(
  ids: readonly string[],
  { webgpu, studio }: Grounds,
): ProductRecipe[] {
  const own = (backend: string, name: string, make = plainProduct): ProductRecipe => ({
    prepare: () => useBackend(backend),
    create: () => Promise.resolve(make(name)),
  });
  const other = (device: "wasm" | "webgpu"): ProductRecipe => ({
    prepare: () => Promise.resolve(),
    create: () => jaxProduct(device),
  });
  return [
    ...(webgpu ? [own(STOCK_BACKEND, "tfjs webgpu")] : []),
    ...(studio ? [own("webgpu", "studio webgpu", linearProduct)] : []),
    ...(webgpu && ids.includes("jax-webgpu") ? [other("webgpu")] : []),
    ...(ids.some((id) => id.startsWith("wasm")) ? [own("wasm", "tfjs wasm")] : []),
    ...(ids.includes("jax-wasm") ? [other("wasm")] : []),
  ];
}
