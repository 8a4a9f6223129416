import { largestDifference } from "../../../src/engine/bench/agreement";
import type { Summary } from "../../../src/engine/bench/statistics";
import type { StepsFigures, VariantFigures, WorkloadFigures } from "./figures";

/** Three digits that count, thousands apart from tenths. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "?";
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

const median = (summary: Summary | null): string => (summary ? digits(summary.median) : "-");
const withQuartiles = (summary: Summary | null): string =>
  summary ? `${digits(summary.median)} (${digits(summary.low)}-${digits(summary.high)})` : "-";
const orDash = (value: number | null | undefined, text: (value: number) => string): string =>
  value === null || value === undefined ? "-" : text(value);
const inGiB = (bytes: number): string => digits(bytes / 2 ** 30);

const COLUMNS: readonly (readonly [title: string, cell: (variant: VariantFigures) => string])[] = [
  ["variant", ({ label }) => label],
  ["step ms (quartiles)", ({ stepMs }) => withQuartiles(stepMs)],
  ["alone ms", ({ aloneMs }) => median(aloneMs)],
  ["host ms", ({ hostMs }) => median(hostMs)],
  ["dispatches", ({ start }) => orDash(start?.gpu?.dispatches, String)],
  ["first step s", ({ start }) => orDash(start && firstStepMs(start), (ms) => digits(ms / 1000))],
  ["GFLOP/s", ({ gflops }) => orDash(gflops, digits)],
  ["of product", ({ share }) => orDash(share, (part) => `${(100 * part).toFixed(0)} %`)],
  ["GiB", ({ start }) => orDash(start?.memoryBytes, inGiB)],
];

const firstStepMs = ({ compileMs, firstStepMs: first }: NonNullable<VariantFigures["start"]>) =>
  (compileMs ?? 0) + first;

/** Rows of equal width; the first column to the left, numbers to the right. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (found, row) => row.map((cell, i) => Math.max(found[i] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** Kernels shown by name; the rest in one line. */
const SHOWN_KERNELS = 8;

function kernelLines({ label, kernels }: VariantFigures): string[] {
  if (!kernels) return [];
  const all = kernels.reduce((sum, { ms }) => sum + ms, 0);
  const row = (name: string, ms: number, calls: number) => [
    `    ${name}`,
    `${digits(ms)} ms`,
    `${((100 * ms) / all).toFixed(0)} %`,
    `${calls} dispatches`,
  ];
  const rest = kernels.slice(SHOWN_KERNELS);
  const restMs = rest.reduce((sum, { ms }) => sum + ms, 0);
  const restCalls = rest.reduce((sum, { calls }) => sum + (calls ?? 1), 0);
  return [
    `  GPU time by kernel, ${label}, one step encoded anew: ${digits(all)} ms`,
    ...columns([
      ...kernels.slice(0, SHOWN_KERNELS).map(({ name, ms, calls }) => row(name, ms, calls ?? 1)),
      ...(rest.length > 0 ? [row(`${rest.length} others`, restMs, restCalls)] : []),
    ]),
  ];
}

const lossesOf = ({ start }: VariantFigures) => start?.losses ?? [];

/** How far the first losses of variants are from those of the one all are held against. */
export function agreementLines({ variants, sameNumbers }: WorkloadFigures): string[] {
  const reference = variants.find(({ id, start }) => id === "fused" && start);
  if (!reference) return [];
  const others = variants.filter(
    (variant) =>
      variant !== reference &&
      variant.start !== null &&
      (sameNumbers || variant.library !== "torch"),
  );
  if (others.length === 0) return [];
  const parts = others.map((variant) => {
    const difference = largestDifference(lossesOf(variant), lossesOf(reference));
    return `${variant.label} ${difference.toExponential(1)}`;
  });
  const itsOwn = !sameNumbers && variants.some(({ library }) => library === "torch");
  const note = itsOwn ? " (PyTorch starts from numbers of its own here)" : "";
  return [
    `  losses of the first ${lossesOf(reference).length} steps beside "${reference.label}"${note}: ${parts.join("; ")}`,
  ];
}

/** How many times quicker the replayed step is than the others that were timed beside it. */
function ratioLines({ variants }: WorkloadFigures): string[] {
  const median = (id: string) => variants.find((variant) => variant.id === id)?.stepMs?.median;
  const ours = median("replayed");
  if (ours === undefined) return [];
  const parts = variants
    .filter(({ id, stepMs }) => id !== "replayed" && stepMs)
    .map(({ label, stepMs }) => `${label} ${digits((stepMs?.median ?? NaN) / ours)}x`);
  return parts.length > 0 ? [`  step time over "studio, replayed": ${parts.join("; ")}`] : [];
}

export function workloadLines(workload: WorkloadFigures): string[] {
  const { id, description, batch, parameters, flops, rounds, variants } = workload;
  const timed = variants.filter(({ stepMs }) => stepMs);
  const tunings = [...new Set(variants.map(({ start }) => start?.tuning).filter(Boolean))];
  return [
    `${id}: ${description}; batch ${batch}, ${digits(parameters / 1e6)} M parameters trained, ${digits(flops / 1e9)} GFLOP a step in products; ${rounds} rounds`,
    ...(tunings.length > 0 ? [`  tile of the studio's products: ${tunings.join(", ")}`] : []),
    ...(timed.length > 0
      ? columns([
          COLUMNS.map(([title], i) => (i === 0 ? `  ${title}` : title)),
          ...timed.map((variant) =>
            COLUMNS.map(([, cell], i) => (i === 0 ? `  ${cell(variant)}` : cell(variant))),
          ),
        ])
      : []),
    ...variants
      .filter(({ problem }) => problem !== undefined)
      .map(({ label, problem }) => `  ${label}: ${problem}`),
    ...ratioLines(workload),
    ...agreementLines(workload),
    ...variants.flatMap(kernelLines),
  ];
}

/** The stage in words. */
export function stepLines(figures: Partial<StepsFigures>): string[] {
  const { adapter, software, torch, peaks = [], workloads = [], notes = [] } = figures;
  if (adapter === undefined) return [];
  const best = peaks.map(
    ({ backend, precision, side, gflops }) =>
      `${backend} ${precision} ${digits(gflops)} GFLOP/s (side ${side})`,
  );
  return [
    `adapter: ${adapter}${software ? " (a software adapter: its timings say nothing of a GPU)" : ""}`,
    `PyTorch: ${torch ?? "not asked yet"}`,
    ...(best.length > 0 ? [`best products: ${best.join("; ")}`] : []),
    "a step: from arrays on the host to its losses; in bursts of which at most 8 steps are in flight, and alone; medians",
    ...notes,
    ...workloads.flatMap((workload) => ["", ...workloadLines(workload)]),
  ];
}
