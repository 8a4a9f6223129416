/** Where a wasm step spends its time, by kernel and operand shape: `node scripts/run.mjs bench/profileWasm.ts [stock] [THREADS]`. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { createTrainerVariant } from "../src/engine/bench/trainerVariant";
import { createPlainTrainer } from "../src/engine/training/trainer";
import { workloadById } from "../src/engine/bench/workloads";
import { startWasmInNode } from "./node/wasm";
import { useKernels } from "./wasmKernels";

const STEPS = 5;

interface Entry {
  ms: number;
  calls: number;
}

const now = () => performance.now();

/** The same kernels, each adding its own time (without kernels it calls) to the tables. */
function timed(
  kernels: readonly tf.KernelConfig[],
  tables: readonly [Map<string, Entry>, Map<string, Entry>],
): tf.KernelConfig[] {
  const inner: number[] = [];
  const record = (table: Map<string, Entry>, key: string, ms: number) => {
    const entry = table.get(key) ?? { ms: 0, calls: 0 };
    entry.ms += ms;
    entry.calls++;
    table.set(key, entry);
  };
  return kernels.map((config) => ({
    ...config,
    kernelFunc: (call) => {
      inner.push(0);
      const start = now();
      const out = config.kernelFunc(call);
      const total = now() - start;
      const own = total - (inner.pop() ?? 0);
      const outer = inner.length - 1;
      if (outer >= 0) inner[outer] = (inner[outer] ?? 0) + total;
      const shapes = Object.values(call.inputs)
        .flat()
        .map((x) => `[${x?.shape.join(",")}]`);
      const shown = shapes.length > 3 ? `${shapes.length} inputs` : shapes.join(" ");
      const attrs = call.attrs as Record<string, unknown> | undefined;
      const turn =
        config.kernelName === "BatchMatMul"
          ? `${attrs?.transposeA ? " Aᵀ" : ""}${attrs?.transposeB ? " Bᵀ" : ""}`
          : "";
      record(tables[0], config.kernelName, own);
      record(tables[1], `${config.kernelName} ${shown}${turn}`, own);
      return out;
    },
  }));
}

const threads = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 1);
const sets = await startWasmInNode(threads);
const workload = workloadById("reference");
const which = process.argv.includes("stock") ? "stock" : "ours";
const plain = () => {
  useKernels(sets[which]);
  return Promise.resolve();
};
const variant = await createTrainerVariant({
  open: createPlainTrainer,
  name: which,
  workload,
  prepare: plain,
  clockMs: now,
});
for (let i = 0; i < 2; i++) await variant.step();

const untimed: number[] = [];
for (let i = 0; i < STEPS; i++) {
  const start = now();
  const { losses } = await variant.step();
  untimed.push(now() - start);
  console.error(losses.join(" "));
}
const byKernel = new Map<string, Entry>();
const byShape = new Map<string, Entry>();
useKernels(timed(sets[which], [byKernel, byShape]));
const start = now();
for (let i = 0; i < STEPS; i++) await variant.step();
const total = (now() - start) / STEPS;

const table = (entries: Map<string, Entry>, rows: number) =>
  [...entries]
    .sort(([, a], [, b]) => b.ms - a.ms)
    .slice(0, rows)
    .map(
      ([name, { ms, calls }]) =>
        `| ${name} | ${(ms / STEPS).toFixed(1)} | ${((100 * ms) / STEPS / total).toFixed(1)} % | ${calls / STEPS} |`,
    );
const inKernels = [...byKernel.values()].reduce((sum, { ms }) => sum + ms, 0) / STEPS;
const header = ["| kernel | ms a step | share | calls a step |", "| --- | --- | --- | --- |"];
console.log(
  [
    `wasm ${which}, reference workload, batch ${workload.batch}, threads: ${threads}, Node ${process.version}, ${STEPS} steps`,
    `step without timers: median ${untimed.sort((a, b) => a - b)[Math.floor(STEPS / 2)]?.toFixed(0)} ms (${untimed.map((ms) => ms.toFixed(0)).join(", ")})`,
    `step with timers ${total.toFixed(0)} ms, of which in kernels ${inKernels.toFixed(0)} ms, outside (tape, engine, batch) ${(total - inKernels).toFixed(0)} ms`,
    "",
    ...header,
    ...table(byKernel, 40),
    "",
    ...header,
    ...table(byShape, 60),
  ].join("\n"),
);
variant.dispose();
