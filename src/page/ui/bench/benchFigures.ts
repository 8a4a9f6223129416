import type { BenchResult, BenchVariant } from "../../../common/protocol/bench";

/** Workloads the page offers, by their ids in src/engine/bench/workloads. */
export const BENCH_WORKLOADS = [
  { value: "nano", label: "Nano" },
  { value: "reference", label: "Reference, 2.0 M" },
] as const;

/** Variants whose losses differ by more than this did not do the same work. */
const TOLERANCE = 1e-4;

/** The best rate any measured product reached, in 10^9 operations a second. */
export const peakGflops = ({ products }: BenchResult): number =>
  Math.max(...products.map(({ gflops }) => gflops));

/** Operations of a step's matrix products over its time. */
export const stepGflops = ({ floor }: BenchResult, { stepMs }: BenchVariant): number =>
  floor.flops / stepMs.median / 1e6;

/** How many times faster than the first variant, plain tfjs. */
export const timesFaster = ({ variants }: BenchResult, { stepMs }: BenchVariant): number =>
  (variants[0]?.stepMs.median ?? NaN) / stepMs.median;

/** Milliseconds with as many digits as mean something. */
export const milliseconds = (ms: number): string =>
  ms < 1 ? ms.toFixed(2) : ms < 10 ? ms.toFixed(1) : ms.toFixed(0);

/** A rate or an amount with three digits that mean something. */
export const amount = (x: number): string => (x < 100 ? x.toPrecision(3) : x.toFixed(0));

/** tfjs' own kernels bear the names of its classes, which the build shortens to a letter or two. */
export const kernelName = (name: string): string =>
  /^[\w$]{1,3}$/.test(name) ? `a kernel of tfjs (${name})` : name;

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

export const ofPeak = (result: BenchResult, variant: BenchVariant): string =>
  percent(stepGflops(result, variant) / peakGflops(result));

/** Why the figures should not be believed, in words; empty when they may be. */
export function doubts({ gpuErrors, variants, software }: BenchResult): string[] {
  const off = variants.find(({ difference }) => !(difference <= TOLERANCE));
  return [
    ...gpuErrors
      .slice(0, 1)
      .map((error) => `The GPU reported an error, so these figures are worthless: ${error}`),
    ...(off
      ? [
          `The losses of “${off.name}” differ by ${off.difference.toExponential(1)}: the variants did not do the same work.`,
        ]
      : []),
    ...(software
      ? ["This adapter computes on the CPU. The ratios are leads; the times say nothing of a GPU."]
      : []),
  ];
}

/** What the table says, in sentences. */
export function findings(result: BenchResult): string[] {
  const { variants, floor, workload } = result;
  const best = variants.at(-1);
  const [plain] = variants;
  if (!plain || !best) return [];
  const images = (1000 * workload.batch) / best.stepMs.median;
  const apart = Math.max(...variants.map(({ difference }) => difference));
  return [
    `A training step of ${workload.batch} images takes ${milliseconds(best.stepMs.median)} ms here, ${timesFaster(result, best).toFixed(1)} times faster than plain tfjs: ${images.toFixed(images < 10 ? 1 : 0)} images a second.`,
    `It asks the GPU for ${best.gpu?.dispatches ?? "?"} computations in ${best.gpu?.submits ?? "?"} submissions instead of ${plain.gpu?.dispatches ?? "?"} in ${plain.gpu?.submits ?? "?"}, and JavaScript is done with it after ${milliseconds(best.jsMs.median)} ms instead of ${milliseconds(plain.jsMs.median)} ms.`,
    `Its matrix products are ${amount(floor.flops / 1e9)} billion operations. Large square products ran at ${amount(peakGflops(result))} GFLOP/s on this adapter; the step runs at ${amount(stepGflops(result, best))}, ${ofPeak(result, best)} of it. What is missing goes to small products, to everything that is not a product, and to the trip to the GPU and back.`,
    `All variants train on the same numbers: their losses differ by at most ${apart.toExponential(1)}.`,
  ];
}
