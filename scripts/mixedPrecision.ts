/**
 * `npm run precision -- [--adapter lavapipe|default] [--steps N] [--batch N]`: what float16 products change, as
 * Markdown. Errors of one step of SiT-Nano against float32, then a short run with each on the built-in images.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import {
  stepErrors,
  stepNumbers,
  withPrecision,
  type StepErrors,
} from "../src/engine/bench/precision";
import { prepareWebGpu } from "../src/engine/bench/webGpu";
import { workloadById } from "../src/engine/bench/workloads";
import { StudioError } from "../src/common/errors/studioError";
import type { MatMulTuning } from "../src/engine/kernels/device";
import { ALL_TILES } from "../src/engine/kernels/sharedTuning";
import { checkoutDawn, startDawn } from "./node/dawn";
import { readImages } from "./precision/images";
import { runBoth } from "./precision/shortRun";
import { startWasm } from "./pretrain/runtime";
import { ROOT } from "./setup.mjs";

const IMAGES = 256;
/** Steps whose losses are averaged at the end: one alone depends on its times. */
const LAST = 20;

const { values } = parseArgs({
  options: {
    adapter: { type: "string", default: "lavapipe" },
    steps: { type: "string", default: "200" },
    batch: { type: "string", default: "4" },
  },
});
const [steps, batch] = [Number(values.steps), Number(values.batch)];

const TUNINGS: readonly MatMulTuning[] = [
  { kind: "register", tile: [8, 8], dots: true },
  ALL_TILES,
];

const told = (x: number) => x.toExponential(1);

const errorRow = (name: string, errors: StepErrors) =>
  `| ${[
    name,
    told(errors.losses),
    told(errors.velocity),
    told(errors.medianGradient),
    `${told(errors.maxGradient)} (\`${errors.gradients[0]?.name ?? ""}\`)`,
  ].join(" | ")} |`;

tf.enableProdMode();
await startWasm();
const images = await readImages(IMAGES);
const webgpu = await prepareWebGpu(
  await startDawn(values.adapter, checkoutDawn(ROOT)),
  (message) => {
    console.error(`WebGPU: ${message}`);
    process.exit(1);
  },
  () => performance.now(),
);
if (!webgpu?.adapter.features.includes("shader-f16")) {
  throw new StudioError("NO_WEBGPU", "No adapter with shader-f16.", "Choose another --adapter.");
}
const { backend, use } = await webgpu.openStudio("precision");
await use();

const nano = workloadById("nano", batch);
console.log(`Adapter: ${webgpu.adapter.name}; ${new Date().toISOString().slice(0, 10)}`);
console.log("| products | losses | output | gradients, median | gradients, largest |");
console.log("| --- | --- | --- | --- | --- |");
const [usual = ALL_TILES] = TUNINGS;
backend.tuning = usual;
const exact = await stepNumbers(nano);
for (const tuning of TUNINGS) {
  backend.tuning = tuning;
  const mixed = await withPrecision(backend, true, () => stepNumbers(nano));
  console.log(errorRow(`float16, ${tuning.kind}`, stepErrors(mixed, exact)));
  if (tuning === usual) continue;
  console.log(errorRow(`float32, ${tuning.kind}`, stepErrors(await stepNumbers(nano), exact)));
}

backend.tuning = usual;
const runs = await runBoth(backend, nano, images, steps, (line) => console.error(line));
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
console.log(
  `\n| ${steps} steps of ${batch} | velocity loss, last ${LAST} | alignment loss, last ${LAST} |`,
);
console.log("| --- | --- | --- |");
for (const { name, velocity, alignment } of runs) {
  const last = [velocity, alignment].map((losses) => mean(losses.slice(-LAST)).toFixed(4));
  console.log(`| ${[name, ...last].join(" | ")} |`);
}
const [one, other] = runs;
if (one && other) {
  const apart = other.velocity.map((loss, i) => Math.abs(loss / (one.velocity[i] ?? NaN) - 1));
  console.log(
    `\nVelocity loss apart, relative: first step ${told(apart[0] ?? NaN)}, largest ${told(Math.max(...apart))}, last ${told(apart.at(-1) ?? NaN)}.`,
  );
}
process.exit(0); // Dawn's threads would keep the process
