import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { getThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { countGpuCalls, type GpuClasses } from "../src/bench/gpuCounters";
import { runInterleaved, type VariantResult } from "../src/bench/harness";
import { measurePeak, plainProduct, type MatmulPeak } from "../src/bench/matmulPeak";
import { stepFloor, type StepFloor } from "../src/bench/roofline";
import type { Variant } from "../src/bench/variant";
import { workloadById, type Workload } from "../src/bench/workloads";
import { jaxProduct } from "./jax/product";
import { registerStockWebGpu, STOCK_BACKEND, useBackend, type AdapterReport } from "./stockWebGpu";
import { registerStudioWebGpu } from "./studioWebGpu";
import { RECIPES } from "./variants";
import type { WasmKernelSets } from "./wasmKernels";

export interface SuiteOptions {
  readonly workload: string;
  /** Images a step; absent: the workload's. */
  readonly batch?: number;
  readonly steps: number;
  readonly warmUp: number;
  /** Ids of the variants to run; absent: all. */
  readonly variants?: readonly string[];
}

/** What differs between Node and a browser's worker. */
export interface SuiteEnvironment {
  readonly gpu: GPU | undefined;
  readonly gpuClasses: GpuClasses | undefined;
  readonly startWasm: () => Promise<WasmKernelSets>;
  readonly clockMs: () => number;
  readonly heapBytes: () => number | null;
  readonly report: (line: string) => void;
}

export interface SuiteResult {
  readonly workload: Pick<Workload, "id" | "description" | "batch">;
  readonly steps: number;
  readonly warmUp: number;
  readonly adapter: AdapterReport | null;
  /** Rates of large plain products; the best of a kind (webgpu, wasm) is the measured peak. */
  readonly products: readonly MatmulPeak[];
  readonly floor: StepFloor;
  readonly wasmThreads: number;
  readonly crossOriginIsolated: boolean;
  readonly variants: readonly (VariantResult & { readonly id: string; readonly own: boolean })[];
  /** What the device complained of; any entry makes the figures worthless. */
  readonly gpuErrors: readonly string[];
}

/** One workload through every variant that runs here, interleaved. */
export async function runSuite(
  options: SuiteOptions,
  environment: SuiteEnvironment,
): Promise<SuiteResult> {
  tf.enableProdMode();
  const { clockMs, report } = environment;
  const workload = workloadById(options.workload, options.batch);
  const gpuErrors: string[] = [];
  const wanted = RECIPES.filter(({ id }) => options.variants?.includes(id) ?? true);
  const wantsGpu = wanted.some(({ id }) => id.includes("webgpu"));
  const adapter = wantsGpu
    ? await registerStockWebGpu(environment.gpu, (message) => gpuErrors.push(message))
    : undefined;
  const studio = wanted.some(({ id }) => id.startsWith("webgpu-fused"))
    ? await registerStudioWebGpu(environment.gpu, (message) => gpuErrors.push(message))
    : undefined;
  const wasm = await environment.startWasm();
  const grounds = { workload, clockMs, wasm, studio, webgpu: adapter !== undefined };

  const products = await measureProducts(
    wanted.map(({ id }) => id),
    grounds.webgpu,
    clockMs,
  );
  for (const { name, gflops, side } of products) {
    report(`product of side ${side}, ${name}: ${gflops.toFixed(1)} GFLOP/s`);
  }

  const made: { id: string; own: boolean; variant: Variant }[] = [];
  for (const { id, own, create } of wanted) {
    const variant = await create(grounds);
    if (variant) made.push({ id, own, variant });
    else report(`${id} does not run here`);
  }
  const counter = environment.gpuClasses && countGpuCalls(environment.gpuClasses);
  const results = await runInterleaved(
    made.map(({ variant }) => variant),
    options,
    { ...environment, ...(counter && { counter }) },
  );
  counter?.restore();
  for (const { variant } of made) {
    await variant.prepare();
    variant.dispose();
  }
  return {
    workload: { id: workload.id, description: workload.description, batch: workload.batch },
    steps: options.steps,
    warmUp: options.warmUp,
    adapter: adapter ?? null,
    products,
    floor: stepFloor(workload),
    wasmThreads: getThreadsCount(),
    crossOriginIsolated:
      (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? false,
    variants: results.map((result, i) => ({
      ...result,
      id: made[i]?.id ?? "",
      own: made[i]?.own ?? false,
    })),
    gpuErrors,
  };
}

async function measureProducts(
  ids: readonly string[],
  webgpu: boolean,
  clockMs: () => number,
): Promise<MatmulPeak[]> {
  const peaks: MatmulPeak[] = [];
  for (const backend of webgpu ? [STOCK_BACKEND, "wasm"] : ["wasm"]) {
    await useBackend(backend);
    const kind = backend === "wasm" ? "wasm" : "webgpu";
    peaks.push(await measurePeak(plainProduct(`tfjs ${kind}`), clockMs));
    if (!ids.includes(`jax-${kind}`)) continue;
    const product = await jaxProduct(kind);
    if (product) peaks.push(await measurePeak(product, clockMs));
  }
  return peaks;
}
