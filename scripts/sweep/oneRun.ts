import type { Experiment } from "../../src/common/config/experiment";
import { gridSide } from "../../src/common/config/sizes";
import { fromFailure, StudioError } from "../../src/common/errors/studioError";
import type {
  AnalysisPlan,
  SampleResult,
  StoredAnalysis,
} from "../../src/common/protocol/analysis";
import type { BackendChoice } from "../../src/common/protocol/shared";
import { storedResults } from "../../src/common/resultFiles/storedResults";
import type { Database } from "../../src/common/storage/db";
import { deleteRun } from "../../src/common/storage/runs";
import { withDatabase } from "../../src/sessions/common/withDatabase";
import { finalFigures } from "../headless/runLog";
import type { NodeStudio } from "../node/studio";
import { writeResultsFile } from "../resultFiles/writeFile";
import { experimentOf, type SweepPlan, type SweepRun } from "./plan";
import { qualityOf, type RunSummary } from "./summary";

const incomplete = (id: string, what: string) =>
  new StudioError("INTERNAL", `The run ${id} has no ${what}.`, "Start the same command again.");

/** Samples in one space, and agreement with the run's first encoder; nothing else of an analysis. */
function analysisPlan(
  { alignment, evaluation, optimizer }: Experiment,
  samples: NonNullable<AnalysisPlan["samples"]>,
): AnalysisPlan {
  return {
    times: [evaluation.cknnaTime],
    encoders: alignment.encoders.slice(0, 1),
    alignmentCount: evaluation.heldOutCount,
    k: evaluation.cknnaK,
    probe: null,
    samples,
    mapImages: 0,
    seed: optimizer.seed,
  };
}

type Alignment = Extract<StoredAnalysis["found"]["result"], { readonly kind: "alignment" }>;

/** The block that agrees most. */
function bestBlock({ encoder, cknna, chance }: Alignment): RunSummary["cknna"] {
  const best = Math.max(...cknna);
  return { encoder, best, block: cknna.indexOf(best) + 1, chance };
}

interface SweepRunOptions {
  readonly backend: BackendChoice;
  readonly note: (text: string) => void;
  /** The file of results to write of the run, before it is removed from the state; undefined: none. */
  readonly results: string | undefined;
}

/** What a run measured while it trained, as a file. */
async function writeResultsOf(db: Database, runId: string, file: string): Promise<void> {
  const run = await storedResults(db, runId);
  if (!run) return;
  const madeBy = `REPA Studio ${run.facts.codeVersion}`;
  await writeResultsFile(file, [run], { checkpoints: false, madeBy });
}

/**
 * Trains one run of a sweep, from its checkpoint where the state holds it unfinished, and measures its end. The run is
 * removed from the state once its figures are there; caches stay for the next.
 * @throws StudioError what stopped the run or its measurement
 */
export async function sweepRun(
  studio: NodeStudio,
  plan: SweepPlan,
  run: SweepRun,
  { backend, note, results }: SweepRunOptions,
): Promise<RunSummary> {
  const experiment = experimentOf(plan, run);
  const request = { experiment, timeline: [], backend, name: run.id };
  const { phase, failure, runId, points, device, record } = await studio.run(request, {
    onStarted: (id, known) => note(`${known ? "going on with" : "started"} ${id}`),
    onProgress: ({ part, event }) => {
      if (part === "run" && event.type === "phase") note(event.phase);
    },
  });
  if (failure) throw fromFailure(failure);
  const [final, step] = [finalFigures(points), points.at(-1)?.step];
  if (phase !== "finished" || !final || step === undefined) throw incomplete(run.id, "end");
  if (!device) throw incomplete(run.id, "device");

  const found: StoredAnalysis["found"]["result"][] = [];
  for (const space of plan.spaces) {
    note(`${plan.sampleCount} samples in ${space}`);
    await studio.fillCaches({
      ...{ data: experiment.data, autoencoder: experiment.autoencoder, backend },
      ...{ grid: gridSide(experiment), encoders: experiment.alignment.encoders, space },
    });
    const stored = await studio.analyse({
      subjects: [{ kind: "run", runId, step }],
      plan: analysisPlan(experiment, { space, count: plan.sampleCount }),
      backend,
    });
    found.push(...stored.map((entry) => entry.found.result));
  }
  const alignment = found.find((result) => result.kind === "alignment");
  if (!alignment) throw incomplete(run.id, "CKNNA");
  const samples = found.filter((result): result is SampleResult => result.kind === "samples");
  const quality = Object.fromEntries(samples.map((result) => [result.space, qualityOf(result)]));
  const missing = plan.spaces.find((space) => quality[space] === undefined);
  if (missing !== undefined) throw incomplete(run.id, `measurement in the space of ${missing}`);
  await withDatabase(studio.environment, async (db) => {
    if (results !== undefined) await writeResultsOf(db, runId, results);
    await deleteRun(db, runId);
  });
  return {
    ...{ id: run.id, settings: run.settings, seed: run.seed, steps: step },
    velocityLoss: final.velocityLoss,
    stepMs: final.medianStepMs,
    cknna: bestBlock(alignment),
    quality,
    device: { backend: device.backend, adapter: device.adapter },
    codeVersion: record.codeVersion,
  };
}
