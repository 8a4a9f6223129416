import type { BenchResult, BenchVariant } from "../../../common/protocol/bench";
import { formatBytes } from "../explain/format";
import { amount, kernelName, milliseconds, ofPeak, stepGflops, timesFaster } from "./benchFigures";
import classes from "./bench.module.css";

/** What a person reads first; the ids are those of src/engine/bench/webGpuVariants. */
const NAMES: Readonly<Record<string, string>> = {
  "webgpu-plain": "tfjs as it comes",
  "webgpu-fused": "fused kernels",
  "webgpu-replayed": "fused and replayed",
};

interface Column {
  readonly title: string;
  readonly why: string;
  readonly value: (variant: BenchVariant, result: BenchResult) => string;
}

const COLUMNS: readonly Column[] = [
  {
    title: "step, ms",
    why: "Median, from the call to the losses on the CPU",
    value: ({ stepMs }) => milliseconds(stepMs.median),
  },
  {
    title: "middle half",
    why: "First and third quartile of the steps",
    value: ({ stepMs }) => `${milliseconds(stepMs.low)} to ${milliseconds(stepMs.high)}`,
  },
  {
    title: "faster",
    why: "Than tfjs as it comes",
    value: (variant, result) => `${timesFaster(result, variant).toFixed(2)}×`,
  },
  {
    title: "JavaScript, ms",
    why: "How long JavaScript ran before it gave the thread back",
    value: ({ jsMs }) => milliseconds(jsMs.median),
  },
  {
    title: "dispatches",
    why: "Computations asked of the GPU in a step",
    value: ({ gpu }) => String(gpu?.dispatches ?? "–"),
  },
  {
    title: "submits",
    why: "Command buffers a step",
    value: ({ gpu }) => String(gpu?.submits ?? "–"),
  },
  {
    title: "GFLOP/s",
    why: "Operations of the matrix products over the step's time",
    value: (variant, result) => amount(stepGflops(result, variant)),
  },
  {
    title: "of peak",
    why: "That rate over the best large product measured here",
    value: (variant, result) => ofPeak(result, variant),
  },
  {
    title: "GPU memory",
    why: "Allocated by the variant's backend",
    value: ({ memory }) =>
      memory?.gpuBytes === null || memory?.gpuBytes === undefined
        ? "–"
        : formatBytes(memory.gpuBytes),
  },
  {
    title: "first step, s",
    why: "With the compilation of all its programs",
    value: ({ firstStepMs }) => (firstStepMs / 1000).toFixed(1),
  },
];

export function BenchTable({ result }: { readonly result: BenchResult }) {
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label="Training steps, table">
      <table className={classes.table} aria-label="Training steps">
        <thead>
          <tr>
            <th scope="col">variant</th>
            {COLUMNS.map(({ title, why }) => (
              <th key={title} scope="col" title={why}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {result.variants.map((variant) => (
            <tr key={variant.id}>
              <th scope="row">{NAMES[variant.id] ?? variant.name}</th>
              {COLUMNS.map(({ title, value }) => (
                <td key={title}>{value(variant, result)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const SHOWN_KERNELS = 10;

/** Where the GPU's time goes in one fused step. */
export function KernelTable({
  kernels,
}: {
  readonly kernels: NonNullable<BenchVariant["kernels"]>;
}) {
  const total = kernels.reduce((sum, { ms }) => sum + ms, 0);
  return (
    <details>
      <summary>
        {`The GPU’s own time by kernel, one fused step: ${milliseconds(total)} ms in all`}
      </summary>
      <table className={classes.table} aria-label="GPU time by kernel">
        <thead>
          <tr>
            {["kernel", "ms", "share", "calls"].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {kernels.slice(0, SHOWN_KERNELS).map(({ name, ms, calls }) => (
            <tr key={name}>
              <th scope="row">{kernelName(name)}</th>
              <td>{milliseconds(ms)}</td>
              <td>{total > 0 ? `${((100 * ms) / total).toFixed(0)} %` : "–"}</td>
              <td>{calls ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={classes.hint}>Browsers round these clocks, often to 0.1 ms a dispatch.</p>
    </details>
  );
}
