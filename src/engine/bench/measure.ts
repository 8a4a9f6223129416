import type { GpuClasses } from "./gpuCounters";
import { countGpuCalls } from "./gpuCounters";
import { runInterleaved, type VariantResult } from "./harness";
import { measurePeak, type MatmulPeak, type MeasuredProduct } from "./matmulPeak";
import { stepFloor, type StepFloor } from "./roofline";
import type { Variant } from "./variant";
import type { Workload } from "./workloads";

/** How to make a variant from `Grounds`; undefined where it cannot run. */
export interface VariantRecipe<Grounds> {
  readonly id: string;
  /** Whether its losses must be those of the other own variants, or are only reported. */
  readonly own: boolean;
  readonly create: (workload: Workload, grounds: Grounds) => Promise<Variant | undefined>;
}

/** Puts a product's backend in force; undefined where it does not run. */
export interface ProductRecipe {
  readonly open: () => Promise<{ product: MeasuredProduct; close: () => void } | undefined>;
}

export interface MeasureOptions<Grounds> {
  readonly workload: Workload;
  readonly grounds: Grounds;
  /** In the order of the table; the others' losses are compared with the first one's. */
  readonly variants: readonly VariantRecipe<Grounds>[];
  readonly products: readonly ProductRecipe[];
  readonly steps: number;
  /** Rounds before the timed ones: they compile. */
  readonly warmUp: number;
}

/** What differs between Node and a browser's worker. */
export interface MeasureEnvironment {
  /** Absent where there is no WebGPU. */
  readonly gpuClasses: GpuClasses | undefined;
  readonly clockMs: () => number;
  /** Bytes of the JavaScript heap, or null where the engine does not tell. */
  readonly heapBytes: () => number | null;
  readonly report: (line: string) => void;
  /** After each round of the variants. */
  readonly onRound?: (done: number, all: number) => void;
}

export interface Measurement {
  readonly workload: Pick<Workload, "id" | "description" | "batch">;
  readonly steps: number;
  readonly warmUp: number;
  /** Rates of large plain products; the best of a kind (webgpu, wasm) is the measured peak. */
  readonly products: readonly MatmulPeak[];
  readonly floor: StepFloor;
  readonly variants: readonly (VariantResult & { readonly id: string; readonly own: boolean })[];
}

/** One workload through every variant that runs here, interleaved, after the products. */
export async function measure<Grounds>(
  options: MeasureOptions<Grounds>,
  environment: MeasureEnvironment,
): Promise<Measurement> {
  const { workload, steps, warmUp } = options;
  const before = await measureProducts(options.products, environment);
  const made: { id: string; own: boolean; variant: Variant }[] = [];
  for (const { id, own, create } of options.variants) {
    const variant = await create(workload, options.grounds);
    if (variant) made.push({ id, own, variant });
    else environment.report(`${id} does not run here`);
  }
  const variants = made.map(({ variant }) => variant);
  const counter = environment.gpuClasses && countGpuCalls(environment.gpuClasses);
  const results = await runInterleaved(
    variants,
    { warmUp, steps },
    { ...environment, ...(counter && { counter }) },
  ).finally(() => counter?.restore());
  for (const variant of variants) {
    await variant.prepare();
    variant.dispose();
  }
  // measured again: other load on the machine may have slowed the products and not the steps
  const after = await measureProducts(options.products, environment);
  const products = before.map((first, i) => {
    const second = after[i];
    return second && second.gflops > first.gflops ? second : first;
  });
  return {
    workload: { id: workload.id, description: workload.description, batch: workload.batch },
    steps,
    warmUp,
    products,
    floor: stepFloor(workload),
    variants: results.map((result, i) => ({
      ...result,
      id: made[i]?.id ?? "",
      own: made[i]?.own ?? false,
    })),
  };
}

async function measureProducts(
  recipes: readonly ProductRecipe[],
  { clockMs, report }: MeasureEnvironment,
): Promise<MatmulPeak[]> {
  const peaks: MatmulPeak[] = [];
  for (const { open } of recipes) {
    const opened = await open();
    if (!opened) continue;
    const peak = await measurePeak(opened.product, clockMs);
    opened.close();
    report(`product of side ${peak.side}, ${peak.name}: ${peak.gflops.toFixed(1)} GFLOP/s`);
    peaks.push(peak);
  }
  return peaks;
}
