import { createDeviceTrainer } from "../training/deviceTrainer";
import { createPlainTrainer } from "../training/trainer";
import { linearProduct, plainProduct } from "./matmulPeak";
import type { ProductRecipe, VariantRecipe } from "./measure";
import { createTrainerVariant } from "./trainerVariant";
import type { Variant } from "./variant";
import type { WebGpuGrounds } from "./webGpu";

/** What the WebGPU variants run on. */
export interface WebGpuSite {
  readonly webgpu: WebGpuGrounds | undefined;
  readonly clockMs: () => number;
}

type Recipe = VariantRecipe<WebGpuSite>;

/** `variant`, with its backend freed after it. */
const closing = (variant: Variant, close: () => void): Variant => ({
  ...variant,
  dispose: () => {
    variant.dispose();
    close();
  },
});

/** tfjs unchanged. */
export const stockWebGpu: Recipe = {
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

/** The studio's kernels, each step encoded anew or replayed. */
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

export const fusedWebGpu = fused("webgpu-fused", "studio webgpu, fused, taped", false);
export const replayedWebGpu = fused("webgpu-replayed", "studio webgpu, fused, replayed", true);

/** The large products of tfjs' own backend and of the studio's. */
export function webGpuProducts({ webgpu }: WebGpuSite): ProductRecipe[] {
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
  return webgpu ? [stockProduct, studioProduct] : [];
}
