import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  openNodeStudio,
  type ExperimentProgress,
  type ExperimentResult,
  type NodeStudio,
} from "../../../scripts/node/studio";
import { summarize } from "../../../src/engine/bench/statistics";
import type { Experiment } from "../../../src/common/config/experiment";
import { presetById } from "../../../src/common/config/presets";
import { StudioError } from "../../../src/common/errors/studioError";
import { isSoftwareAdapter } from "../../../src/common/gpu/softwareAdapter";
import type { BackendChoice } from "../../../src/common/protocol/shared";
import type { Measurement } from "../../../src/common/protocol/trainer";
import { pairedDifference, planEvidence, type EvidencePlan, type RunCost } from "../evidencePlan";
import { nodePlaces } from "../places";
import type { Figures, Stage, StageContext, StageEnd } from "../stage";
import { startGpu } from "./device";

/** What one measurement says, in short. */
interface Measured {
  readonly step: number;
  readonly kid: number;
  readonly kidLow: number;
  readonly kidHigh: number;
  readonly frechetTop: number;
  /** Of the aligned block. */
  readonly cknna: number | null;
}

interface EvidenceRun {
  readonly seed: number;
  readonly projCoeff: number;
  readonly phase: string;
  readonly steps: number;
  readonly medianStepMs: number;
  readonly velocityLoss: number | null;
  readonly measured: readonly Measured[];
  readonly problem?: string;
}

interface EvidenceFigures {
  readonly adapter: string;
  readonly software: boolean;
  readonly cost: RunCost;
  readonly plan: EvidencePlan | null;
  /** Feature space of KID and Fréchet, samples, images compared with. */
  readonly space: string;
  readonly runs: readonly EvidenceRun[];
}

const LAMBDAS = [0.5, 0] as const;
/** Of the run that measures what a run costs. */
const TRIAL_STEPS = 20;
const SOFTWARE_TRIAL_STEPS = 4;

/** The preset with its evaluations so spread that the last one is after the last step. */
function experimentOf(
  preset: string,
  seed: number,
  projCoeff: number,
  { steps, metricsEvery }: Pick<EvidencePlan, "steps" | "metricsEvery">,
): Experiment {
  const { experiment } = presetById(preset);
  return {
    ...experiment,
    alignment: { ...experiment.alignment, projCoeff },
    optimizer: { ...experiment.optimizer, steps, seed },
    evaluation: {
      ...experiment.evaluation,
      gridEvery: steps,
      metricsEvery,
      checkpointEvery: steps,
    },
  };
}

/** What is run; a test takes another preset on another backend, where the stage itself would take too long. */
export interface EvidenceRecipe {
  /** Id of the preset that the runs are of. */
  readonly preset: string;
  readonly backend: BackendChoice;
  readonly trialSteps: number;
  readonly planOf: typeof planEvidence;
}

/** The stage's time was up before there was anything to plan with. */
class OutOfTime extends Error {}

function measuredOf(measurements: readonly Measurement[], depth: number): Measured[] {
  return measurements.flatMap((quality): Measured[] => {
    if (quality.kind !== "sampleQuality") return [];
    const { step, kid, kidLow, kidHigh, frechetTop } = quality;
    const alignment = measurements.find(
      (other) => other.kind === "layerAlignment" && other.step === step,
    );
    const cknna =
      alignment?.kind === "layerAlignment" ? (alignment.cknna[depth - 1] ?? null) : null;
    return [{ step, kid, kidLow, kidHigh, frechetTop, cknna }];
  });
}

function runOf(experiment: Experiment, result: ExperimentResult): EvidenceRun {
  const { points, measurements, phase, failure } = result;
  const last = points.slice(-100);
  return {
    seed: experiment.optimizer.seed,
    projCoeff: experiment.alignment.projCoeff,
    phase,
    steps: points.at(-1)?.step ?? 0,
    medianStepMs: summarize(points.map(({ stepMs }) => stepMs)).median,
    velocityLoss:
      last.length > 0 ? last.reduce((sum, p) => sum + p.velocityLoss, 0) / last.length : null,
    measured: measuredOf(measurements, experiment.alignment.encoderDepth),
    ...(failure && { problem: `${failure.code}: ${failure.message}` }),
  };
}

/** Fills the caches, compiles, and finds what a step and an evaluation take: a short run of another seed. */
async function trial(
  studio: NodeStudio,
  context: Pick<StageContext, "clockMs" | "deadlineMs">,
  { preset, backend, trialSteps }: EvidenceRecipe,
): Promise<{ cost: RunCost; result: ExperimentResult }> {
  const experiment = experimentOf(preset, 1_000_000, LAMBDAS[0], {
    steps: trialSteps,
    metricsEvery: trialSteps,
  });
  const marks: { phase: string; ms: number }[] = [];
  let encoded = "none";
  const onProgress = ({ part, event }: ExperimentProgress) => {
    if (part === "caches" && event.type === "progress") {
      encoded = `${Math.floor(event.done)} of ${event.total} at ${event.imagesPerSecond.toFixed(1)} a second`;
    }
    if (part === "run" && event.type === "phase") {
      marks.push({ phase: event.phase, ms: context.clockMs() });
    }
  };
  const result = await studio
    .run(
      { experiment, name: "trial", backend },
      { shouldStop: () => context.clockMs() > context.deadlineMs, onProgress },
    )
    .catch((thrown: unknown) => {
      if (!(thrown instanceof StudioError) || thrown.code !== "CANCELLED") throw thrown;
      throw new OutOfTime(`Its time ended while images were encoded (${encoded}).`);
    });
  const endMs = context.clockMs();
  const at = (phase: string) => marks.find((mark) => mark.phase === phase)?.ms;
  const evaluating = marks.findLast(({ phase }) => phase === "evaluating")?.ms ?? endMs;
  const training = at("training") ?? evaluating;
  const recent = result.points.slice(Math.floor(result.points.length / 2)); // the first ones compile and record
  const cost: RunCost = {
    stepMs: summarize(recent.map(({ stepMs }) => stepMs)).median,
    evaluationMs: endMs - evaluating,
    // without the filling of caches, which later runs find done
    startMs: training - (at("loading") ?? training),
  };
  return { cost, result };
}

/** A short run to see what one costs, then pairs of runs as planned, with and without alignment. */
export async function gatherEvidence(
  context: Pick<StageContext, "clockMs" | "deadlineMs" | "write" | "log">,
  studio: NodeStudio,
  recipe: EvidenceRecipe,
): Promise<StageEnd> {
  const runs: EvidenceRun[] = [];
  const first = await trial(studio, context, recipe).catch((thrown: unknown) => {
    if (thrown instanceof OutOfTime) return thrown;
    throw thrown;
  });
  if (first instanceof OutOfTime) return { status: "incomplete", problem: first.message };
  const { cost, result } = first;
  const quality = result.measurements.find(({ kind }) => kind === "sampleQuality");
  const adapter = result.device?.adapter ?? "";
  const figures: EvidenceFigures = {
    adapter,
    software: result.device?.slowBecause?.kind === "software",
    cost,
    plan: null,
    space:
      quality?.kind === "sampleQuality"
        ? `${quality.space}, ${quality.sampleCount} samples against ${quality.referenceCount} images`
        : "",
    runs,
  };
  context.write(figures);
  const { stepMs, evaluationMs } = cost;
  context.log(`a step ${stepMs.toFixed(1)} ms, an evaluation ${evaluationMs.toFixed(0)} ms`);
  const plan =
    result.phase === "finished"
      ? recipe.planOf(context.deadlineMs - context.clockMs(), cost)
      : undefined;
  if (!plan) {
    const problem = result.failure
      ? `${result.failure.code}: ${result.failure.message}`
      : `No pair of runs fits into its time: caches are filled, a step takes ${stepMs.toFixed(0)} ms, an evaluation ${(evaluationMs / 1000).toFixed(1)} s.`;
    return { status: "incomplete", problem };
  }
  context.log(`${plan.pairs} pairs of ${plan.steps} steps`);
  for (const { seed, projCoeff } of pairsOf(plan)) {
    const experiment = experimentOf(recipe.preset, seed, projCoeff, plan);
    const name = `seed ${seed}, λ ${projCoeff}`;
    const ended = await studio.run(
      { experiment, name, backend: recipe.backend },
      { shouldStop: () => context.clockMs() > context.deadlineMs },
    );
    const found = runOf(experiment, ended);
    runs.push(found);
    context.write({ ...figures, plan });
    const kid = found.measured.at(-1)?.kid;
    context.log(`${name}: ${ended.phase}, KID x 1000 ${kid?.toFixed(1) ?? "not measured"}`);
    if (ended.phase !== "finished") {
      return { status: "incomplete", problem: found.problem ?? `Its time ended within ${name}.` };
    }
  }
  return { status: "done" };
}

const pairsOf = ({ pairs }: EvidencePlan) =>
  Array.from({ length: pairs }, (_, seed) =>
    LAMBDAS.map((projCoeff) => ({ seed, projCoeff })),
  ).flat();

async function run(context: StageContext): Promise<StageEnd> {
  const gpu = await startGpu(context); // says what to install, where nothing is
  const info = (await gpu.requestAdapter())?.info;
  const software = info !== undefined && isSoftwareAdapter(info);
  const folder = mkdtempSync(join(tmpdir(), "gpu-check-"));
  const studio = await openNodeStudio(folder, nodePlaces(context.places, context.adapter));
  try {
    return await gatherEvidence(context, studio, {
      preset: "first-minute",
      backend: "webgpu",
      trialSteps: software ? SOFTWARE_TRIAL_STEPS : TRIAL_STEPS,
      planOf: planEvidence,
    });
  } finally {
    await studio.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Final figures with and without alignment, and their differences over the pairs. */
function evidenceTable(runs: readonly EvidenceRun[]): string[] {
  const seeds = [...new Set(runs.map(({ seed }) => seed))];
  const last = (seed: number, projCoeff: number) =>
    runs.find((run) => run.seed === seed && run.projCoeff === projCoeff)?.measured.at(-1);
  const pairs = seeds.flatMap((seed) => {
    const [aligned, vanilla] = [last(seed, LAMBDAS[0]), last(seed, LAMBDAS[1])];
    if (!aligned || aligned.step !== vanilla?.step) return [];
    return [{ seed, aligned, vanilla }];
  });
  const rows = pairs.map(({ seed, aligned, vanilla }) =>
    [
      `seed ${seed}, step ${aligned.step}: KID x 1000 ${aligned.kid.toFixed(1)} / ${vanilla.kid.toFixed(1)}`,
      `Fréchet ${aligned.frechetTop.toFixed(2)} / ${vanilla.frechetTop.toFixed(2)}`,
      `CKNNA ${aligned.cknna?.toFixed(3) ?? "?"} / ${vanilla.cknna?.toFixed(3) ?? "?"}`,
    ].join(", "),
  );
  const difference = (name: string, of: (measured: Measured) => number | null, digits: number) => {
    const values = pairs.map(({ aligned, vanilla }) => (of(aligned) ?? NaN) - (of(vanilla) ?? NaN));
    if (values.length === 0) return [];
    const { mean, half } = pairedDifference(values);
    const interval = half === null ? "one pair: no interval" : `± ${half.toFixed(digits)} (95 %)`;
    return [`λ 0.5 minus 0, ${name}: ${mean.toFixed(digits)} ${interval}`];
  };
  return [
    ...rows,
    ...difference("KID x 1000", ({ kid }) => kid, 1),
    ...difference("Fréchet", ({ frechetTop }) => frechetTop, 2),
    ...difference("CKNNA", ({ cknna }) => cknna, 3),
  ];
}

export function evidenceLines(figures: Figures): string[] {
  const { adapter, software, plan, space, runs, cost } =
    figures as unknown as Partial<EvidenceFigures>;
  if (!adapter) return [];
  return [
    `${adapter}${software ? " (a software adapter)" : ""}`,
    ...(cost
      ? [
          `a step ${cost.stepMs.toFixed(1)} ms, an evaluation ${(cost.evaluationMs / 1000).toFixed(1)} s`,
        ]
      : []),
    ...(plan
      ? [`${plan.pairs} pairs of ${plan.steps} steps; with / without alignment; ${space ?? ""}`]
      : []),
    ...evidenceTable(runs ?? []),
  ];
}

export const evidence: Stage = {
  title: "does alignment show in the preset First minute?",
  weight: 26,
  run,
  lines: evidenceLines,
};
