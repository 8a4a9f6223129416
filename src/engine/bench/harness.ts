import { largestDifference } from "./agreement";
import type { GpuCounter, GpuCounts } from "./gpuCounters";
import { summarize, type Summary } from "./statistics";
import type { KernelTime, MemoryUse, StepResult, Variant } from "./variant";

/** What the harness needs from its caller. */
export interface HarnessEnvironment {
  readonly clockMs: () => number;
  /** Bytes of the JavaScript heap, or null where the engine does not tell. */
  readonly heapBytes: () => number | null;
  readonly counter?: GpuCounter;
  readonly report: (line: string) => void;
  /** After each round, those that compile included. */
  readonly onRound?: (done: number, all: number) => void;
}

export interface VariantResult {
  readonly name: string;
  /** From the call to the losses on the CPU. */
  readonly stepMs: Summary;
  readonly jsMs: Summary;
  readonly firstStepMs: number;
  /** Of the last step. */
  readonly gpu: GpuCounts | null;
  readonly memory: MemoryUse | null;
  readonly heapBytes: number | null;
  /** Every step's, from the first. */
  readonly losses: readonly StepResult["losses"][];
  /** Largest difference from the first variant's losses over the first ten steps. */
  readonly difference: number;
  readonly kernels: readonly KernelTime[] | null;
}

interface Series {
  readonly variant: Variant;
  readonly stepMs: number[];
  readonly jsMs: number[];
  readonly losses: StepResult["losses"][];
  last: Pick<VariantResult, "gpu" | "memory" | "heapBytes"> | undefined;
}

/** Steps whose losses are compared. */
const COMPARED_STEPS = 10;

/**
 * Runs the variants in turn, one step of each, so that other load on the machine slows all of them alike.
 * @param warmUp rounds that are run (and compared) but not timed
 */
export async function runInterleaved(
  variants: readonly Variant[],
  { warmUp, steps }: { readonly warmUp: number; readonly steps: number },
  environment: HarnessEnvironment,
): Promise<VariantResult[]> {
  const all = variants.map((variant): Series => ({
    variant,
    stepMs: [],
    jsMs: [],
    losses: [],
    last: undefined,
  }));
  for (let round = 0; round < warmUp + steps; round++) {
    for (const series of all) await runStep(series, environment);
    environment.onRound?.(round + 1, warmUp + steps);
    const shown = all.map(({ variant, stepMs }) => `${variant.name} ${stepMs.at(-1)?.toFixed(0)}`);
    environment.report(`round ${round + 1} of ${warmUp + steps}: ${shown.join(", ")} ms`);
  }
  const results: VariantResult[] = [];
  for (const series of all) results.push(await resultOf(series, warmUp, all[0]?.losses ?? []));
  return results;
}

async function runStep(series: Series, environment: HarnessEnvironment): Promise<void> {
  const { variant } = series;
  const { clockMs, counter, heapBytes } = environment;
  await variant.prepare();
  counter?.take();
  const start = clockMs();
  const { losses, jsMs } = await variant.step();
  series.stepMs.push(clockMs() - start);
  series.jsMs.push(jsMs);
  series.losses.push(losses);
  const gpu = counter?.take() ?? null;
  series.last = { gpu, memory: variant.memory?.() ?? null, heapBytes: heapBytes() };
}

async function resultOf(
  { variant, stepMs, jsMs, losses, last }: Series,
  warmUp: number,
  expected: readonly StepResult["losses"][],
): Promise<VariantResult> {
  let kernels: readonly KernelTime[] | null = null;
  if (variant.kernelTimes) {
    await variant.prepare();
    kernels = await variant.kernelTimes();
  }
  return {
    name: variant.name,
    stepMs: summarize(stepMs.slice(warmUp)),
    jsMs: summarize(jsMs.slice(warmUp)),
    firstStepMs: stepMs[0] ?? NaN,
    gpu: last?.gpu ?? null,
    memory: last?.memory ?? null,
    heapBytes: last?.heapBytes ?? null,
    losses,
    difference: largestDifference(losses, expected, COMPARED_STEPS),
    kernels,
  };
}
