import type { MatmulPeak } from "../src/engine/bench/matmulPeak";
import type { ResultFile, StoredResult } from "./results";

type Row = StoredResult["variants"][number];

const kindOf = (name: string) => (name.includes("wasm") ? "wasm" : "webgpu");

/** The best measured product of the kind of backend a variant runs on. */
const peakFor = (row: Row, products: readonly MatmulPeak[]): MatmulPeak | undefined =>
  products
    .filter(({ name }) => kindOf(name) === kindOf(row.id))
    .reduce<MatmulPeak | undefined>(
      (best, next) => (best && best.gflops >= next.gflops ? best : next),
      undefined,
    );

/** What a variant is compared with: the stock tfjs step on the same kind of backend. */
const BASELINES: readonly string[] = ["webgpu-plain", "wasm-stock"];

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${header.join(" | ")} |`,
  `| ${header.map((_, i) => (i === 0 ? "---" : "---:")).join(" | ")} |`,
  ...rows.map((row) => `| ${row.join(" | ")} |`),
];

const ms = (value: number) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
const megabytes = (bytes: number | null | undefined) =>
  bytes === null || bytes === undefined ? "" : (bytes / 1e6).toFixed(0);

function variantRow(row: Row, result: StoredResult): string[] {
  const { stepMs, jsMs, gpu } = row;
  const baseline = result.variants.find(
    ({ id }) => BASELINES.includes(id) && kindOf(id) === kindOf(row.id),
  );
  const peak = peakFor(row, result.products);
  const rate = result.floor.flops / stepMs.median / 1e6;
  const onGpu = kindOf(row.id) === "webgpu";
  return [
    row.name,
    `${ms(stepMs.median)} (${ms(stepMs.low)} to ${ms(stepMs.high)})`,
    baseline ? `${(baseline.stepMs.median / stepMs.median).toFixed(2)}x` : "",
    rate.toFixed(1),
    peak ? `${((100 * rate) / peak.gflops).toFixed(0)} %` : "",
    onGpu ? ms(jsMs.median) : "",
    onGpu && gpu ? String(gpu.dispatches) : "",
    onGpu && gpu ? String(gpu.submits) : "",
    onGpu && gpu ? String(gpu.buffersCreated) : "",
    megabytes(row.memory?.gpuBytes),
    (row.firstStepMs / 1000).toFixed(1),
    row.difference.toExponential(0),
  ];
}

const HEADER = [
  "variant",
  "step, ms (quartiles)",
  "faster than stock",
  "GFLOP/s",
  "of peak",
  "JS, ms",
  "dispatches",
  "submits",
  "buffers made",
  "GPU, MB",
  "first step, s",
  "losses off by",
];

const SHOWN_KERNELS = 12;

function kernelTables({ variants }: StoredResult): string[] {
  return variants.flatMap(({ name, kernels }) => {
    if (!kernels || kernels.length === 0) return [];
    const total = kernels.reduce((sum, kernel) => sum + kernel.ms, 0);
    const rows = kernels
      .slice(0, SHOWN_KERNELS)
      .map((kernel) => [
        `\`${kernel.name}\``,
        ms(kernel.ms),
        `${((100 * kernel.ms) / total).toFixed(0)} %`,
        String(kernel.calls ?? ""),
      ]);
    return [
      "",
      `GPU time by kernel, ${name}: ${ms(total)} ms in all.`,
      "",
      ...table(["kernel", "ms", "share", "calls"], rows),
    ];
  });
}

/** The command that measures a result again; `file` is `<where>-<adapter>`. */
function commandOf(file: string, { workload, steps, warmUp, variants }: StoredResult): string {
  const [where = "", ...adapter] = file.split("-");
  const options = {
    where,
    adapter: adapter.join("-"),
    workload: workload.id,
    batch: workload.batch,
    steps,
    "warm-up": warmUp,
    variants: variants.map(({ id }) => id).join(","),
  };
  const args = Object.entries(options).map(([name, value]) => `--${name} ${value}`);
  return `npm run bench -- ${args.join(" ")}`;
}

function suiteSection(file: string, key: string, result: StoredResult): string[] {
  const { workload, floor, products, engine, adapter, date, steps, warmUp } = result;
  const rates = products.map(({ name, gflops, side }) => `${name} ${gflops.toFixed(1)} (${side}²)`);
  const threads = `tfjs wasm threads: ${result.wasmThreads}${result.crossOriginIsolated ? ", cross-origin isolated" : ""}`;
  const load = `load ${result.load?.toFixed(1) ?? "unknown"} on ${result.cores} cores`;
  const versions = Object.entries(result.versions).map(([name, version]) => `${name} ${version}`);
  return [
    "",
    `### ${file}: ${key}`,
    "",
    `${workload.description}; batch ${workload.batch}. ${(floor.parameters / 1e6).toFixed(2)} M parameters, ` +
      `${(floor.flops / 1e9).toFixed(2)} GFLOP and at least ${(floor.bytes / 1e6).toFixed(0)} MB a step.`,
    "",
    `${engine}; adapter: ${adapter?.name ?? "none"}; ${threads}. ${steps} steps after ${warmUp}, ${date.slice(0, 10)}, ${load}. ` +
      `Plain products, GFLOP/s: ${rates.join(", ")}. ${versions.join(", ")}.`,
    "",
    `\`${commandOf(file, result)}\``,
    "",
    ...table(
      HEADER,
      result.variants.map((row) => variantRow(row, result)),
    ),
    ...kernelTables(result),
    ...result.gpuErrors.map((error) => `\n**The device reported an error: ${error}**`),
  ];
}

/** All result files as Markdown, one section each. */
export const renderResults = (files: readonly (readonly [name: string, ResultFile])[]): string =>
  files
    .flatMap(([name, file]) =>
      Object.entries(file).flatMap(([key, result]) => suiteSection(name, key, result)),
    )
    .join("\n");
