import { availableParallelism } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { TINY_WORKLOAD, WORKLOADS, type Workload } from "../../../src/engine/bench/workloads";
import {
  checkKernel,
  compileKernels,
  settingsOf,
  withExpected,
  type KernelResult,
} from "../../../src/engine/check/checkKernels";
import { kernelCases } from "../../../src/engine/check/kernelCases";
import {
  firstDifference,
  trainingError,
  trainOnDevice,
  trainPlainly,
  type Training,
} from "../../../src/engine/check/trainingChecks";
import { REGISTER_TUNINGS, TUNINGS } from "../../../src/engine/kernels/chooseTuning";
import type { MatMulTuning } from "../../../src/engine/kernels/device";
import { ALL_TILES } from "../../../src/engine/kernels/sharedTuning";
import { tuningName } from "../../../src/engine/kernels/tuningName";
import { randomPermutation } from "../../../src/common/math/rng";
import { readGoldenFolder } from "../../../test/parity/folder";
import { sitCases } from "../../../test/parity/sit";
import type { Figures, Stage, StageContext, StageEnd } from "../stage";
import { startStudio, WEBGPU, type CheckedDevice } from "./device";

/** A check of a model or a training, by name. */
interface NamedResult {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

interface RightFigures {
  readonly adapter: string;
  readonly software: boolean;
  /** Kernels beside their twins: how many there are, how many ran, and each that failed. */
  readonly kernels: {
    readonly all: number;
    readonly ran: number;
    readonly failed: readonly KernelResult[];
    /** By precision, the one nearest to its tolerance. */
    readonly worst: Readonly<Record<string, KernelResult>>;
    /** Cases that ran, by tile and precision. */
    readonly byTile: Readonly<Record<string, number>>;
  };
  readonly goldens: readonly NamedResult[];
  readonly trainings: readonly NamedResult[];
  readonly gpuErrors: readonly string[];
  /** Whether nothing failed, and on a real adapter everything ran. */
  readonly holds: boolean;
}

/** Compiles in half a second where others take three: what software adapters are checked with beside the sample. */
const SMALL_TILE: MatMulTuning = { kind: "register", tile: [4, 4] };
/** The order of the sample. */
const SEED = 0;
const STEPS = 6;

async function goldenResults(
  { backend, software }: CheckedDevice,
  context: StageContext,
): Promise<NamedResult[]> {
  const tuning = software ? SMALL_TILE : backend.tuning;
  const before = backend.tuning;
  backend.tuning = tuning;
  await tf.setBackend(WEBGPU);
  const results: NamedResult[] = [];
  for (const entry of readGoldenFolder(join(context.places.goldens, "sit"))) {
    if ("problem" in entry) {
      results.push({ name: entry.path, ok: false, detail: entry.problem });
      continue;
    }
    for (const parityCase of sitCases(entry.manifest, entry.tensors, { precision: "gpu" })) {
      const { error, tolerance } = await parityCase.run();
      const detail = `error ${error.toExponential(1)}, tolerance ${tolerance.toExponential(1)}`;
      results.push({ name: parityCase.name, ok: error <= tolerance, detail });
    }
  }
  backend.tuning = before;
  context.log(
    `reference numbers: ${results.filter(({ ok }) => ok).length} of ${results.length} hold`,
  );
  return results;
}

/** How far a step on the device may be from the plain one on the CPU, after a few steps of a tiny model. */
const PLAIN_TOLERANCE = { losses: 1e-4, parts: 2e-3 };

async function trainingResults(
  { backend, software, opened }: CheckedDevice,
  context: StageContext,
): Promise<NamedResult[]> {
  const results: NamedResult[] = [];
  const before = { tuning: backend.tuning, mixedPrecision: backend.mixedPrecision };
  const workloads: readonly Workload[] = software
    ? [TINY_WORKLOAD]
    : [TINY_WORKLOAD, ...WORKLOADS.filter(({ id }) => id === "nano")];
  const precisions = opened.device.features.has("shader-f16") ? [false, true] : [false];
  const tunings = software ? [SMALL_TILE] : [...REGISTER_TUNINGS, ALL_TILES];
  const add = (name: string, problem: string | undefined, good: string) =>
    results.push({ name, ok: problem === undefined, detail: problem ?? good });
  const compare = async (label: string, training: Training, plainly: boolean) => {
    await tf.setBackend(WEBGPU);
    const encoded = await trainOnDevice(backend, training, false);
    const replayed = await trainOnDevice(backend, training, true);
    const again = await trainOnDevice(backend, training, true);
    add(`replayed = encoded (${label})`, firstDifference(replayed, encoded), "equal bits");
    add(`same seed, same bits (${label})`, firstDifference(again, replayed), "equal bits");
    if (plainly) {
      const error = trainingError(replayed, await trainPlainly(training));
      const worst = Math.max(...Object.values(error.parts));
      const ok = error.losses <= PLAIN_TOLERANCE.losses && worst <= PLAIN_TOLERANCE.parts;
      const detail = `losses off by ${error.losses.toExponential(1)}, state by ${worst.toExponential(1)}`;
      add(`training = plain on the CPU (${label})`, ok ? undefined : detail, detail);
    }
    context.log(`training ${label}: done`);
  };
  for (const workload of workloads) {
    for (const mixedPrecision of precisions) {
      for (const tuning of mixedPrecision ? tunings.slice(-1) : tunings) {
        Object.assign(backend, { tuning, mixedPrecision });
        const label = `${workload.id}, ${tuningName(tuning)}, ${mixedPrecision ? "float16" : "float32"}`;
        const plainly = workload === TINY_WORKLOAD && !mixedPrecision;
        await compare(label, { workload, steps: STEPS }, plainly);
        if (plainly && tuning === tunings[0]) {
          const parts = { workload, steps: STEPS, microBatch: workload.batch / 2 };
          await compare(`${label}, micro-batches`, parts, true);
        }
      }
    }
  }
  Object.assign(backend, before);
  return results;
}

/** Programs are compiled side by side in parts of so many cases, a core each. */
const COMPILED_AT_ONCE = Math.max(2, availableParallelism());

/** Answers when the stage's time is up; what is being compiled then goes on without anybody. */
const timeUp = ({ deadlineMs, clockMs }: StageContext): Promise<"late"> =>
  new Promise((resolve) => setTimeout(() => resolve("late"), deadlineMs - clockMs()));

interface KernelRun {
  readonly results: readonly KernelResult[];
  readonly all: number;
}

/** Cases at every setting, in a seeded order: whatever part of them the time allows is a fair sample. */
async function kernelResults(
  { backend, opened }: CheckedDevice,
  context: StageContext,
  onResults: (run: KernelRun) => void,
): Promise<KernelRun> {
  const hasFloat16 = opened.device.features.has("shader-f16");
  const jobs = kernelCases()
    .map(withExpected)
    .flatMap((expected) =>
      settingsOf(expected.kernelCase, TUNINGS, hasFloat16).map((setting) => ({
        expected,
        setting,
      })),
    );
  const order = [
    ...randomPermutation({ seed: SEED, stream: "gpu-check/kernels" }, jobs.length),
  ].flatMap((index) => jobs[index] ?? []);
  const results: KernelResult[] = [];
  const late = timeUp(context);
  for (let at = 0; at < order.length; at += COMPILED_AT_ONCE) {
    const next = order.slice(at, at + COMPILED_AT_ONCE);
    if ((await Promise.race([compileKernels(next, backend, WEBGPU), late])) === "late") break;
    for (const { expected, setting } of next) {
      const result = await Promise.race([checkKernel(expected, backend, WEBGPU, setting), late]);
      if (result === "late") return { results, all: jobs.length };
      results.push(result);
      if (!result.ok) context.log(`FAILED ${result.name} (${result.tuning}, ${result.precision})`);
    }
    context.log(`kernels: ${results.length} of ${jobs.length}`);
    onResults({ results, all: jobs.length });
  }
  return { results, all: jobs.length };
}

function kernelFigures({ results, all }: KernelRun): RightFigures["kernels"] {
  const worst: Record<string, KernelResult> = {};
  const byTile: Record<string, number> = {};
  for (const result of results) {
    const { precision, tuning, error, tolerance } = result;
    const known = worst[precision];
    if (!known || !(error / tolerance <= known.error / known.tolerance)) worst[precision] = result;
    const tile = `${tuning}, ${precision}`;
    byTile[tile] = (byTile[tile] ?? 0) + 1;
  }
  const failed = results.filter(({ ok }) => !ok);
  return { all, ran: results.length, failed, worst, byTile };
}

async function run(context: StageContext): Promise<StageEnd> {
  const device = await startStudio(context);
  const { software, gpuErrors, opened } = device;
  let goldens: readonly NamedResult[] = [];
  let trainings: readonly NamedResult[] = [];
  const figures = (kernelRun: KernelRun): RightFigures => {
    const kernels = kernelFigures(kernelRun);
    const named = [...goldens, ...trainings];
    const complete = software || kernels.ran === kernels.all;
    const sound = kernels.failed.length === 0 && named.every(({ ok }) => ok);
    return {
      adapter: opened.adapterName,
      software,
      kernels,
      goldens,
      trainings,
      gpuErrors,
      holds: sound && complete && kernels.ran > 0 && gpuErrors.length === 0,
    };
  };
  const write = (kernelRun: KernelRun) => context.write(figures(kernelRun));
  const none: KernelRun = { results: [], all: 0 };
  trainings = await trainingResults(device, context);
  write(none);
  goldens = await goldenResults(device, context);
  write(none);
  const kernelRun = await kernelResults(device, context, write);
  write(kernelRun);
  const { kernels } = figures(kernelRun);
  if (kernels.ran === kernels.all || software) return { status: "done" };
  return {
    status: "incomplete",
    problem: `Its time ended after ${kernels.ran} of ${kernels.all} kernel cases: give it a larger --budget.`,
  };
}

/** A figure as it came back from JSON, where NaN is null. */
const small = (value: number | null) => value?.toExponential(1) ?? "no number";

function lines(figures: Figures): string[] {
  const { adapter, software, kernels, goldens, trainings, gpuErrors } =
    figures as unknown as Partial<RightFigures>;
  if (!kernels) return [];
  const named = (what: string, results: readonly NamedResult[] = []) => [
    `${what}: ${results.filter(({ ok }) => ok).length} of ${results.length} hold`,
    ...results.filter(({ ok }) => !ok).map(({ name, detail }) => `  FAILED ${name}: ${detail}`),
  ];
  const sampled = software ? " (a seeded sample: a software adapter)" : "";
  return [
    `adapter: ${adapter ?? "?"}`,
    `kernels beside their plain meaning: ${kernels.ran - kernels.failed.length} of ${kernels.ran} hold, of ${kernels.all} there are${sampled}`,
    ...Object.entries(kernels.byTile).map(([tile, count]) => `  ${tile}: ${count}`),
    ...Object.values(kernels.worst).map(
      ({ precision, error, tolerance, name }) =>
        `  nearest to its limit in ${precision}: ${small(error)} of ${small(tolerance)}, ${name}`,
    ),
    ...kernels.failed.map(
      ({ name, tuning, precision, error, problem }) =>
        `  FAILED ${name} (${tuning}, ${precision}): ${problem ?? `off by ${small(error)}`}`,
    ),
    ...named("model beside reference numbers", goldens),
    ...named("training", trainings),
    ...(gpuErrors ?? []).map((message) => `GPU error: ${message}`),
  ];
}

export const right: Stage = {
  title: "is what the kernels compute right?",
  weight: 22,
  run,
  lines,
};
