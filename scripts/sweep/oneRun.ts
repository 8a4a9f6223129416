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
import { markCheckpoint } from "../../src/common/storage/checkpoints";
import { deleteRun } from "../../src/common/storage/runs";
import { withDatabase } from "../../src/sessions/common/withDatabase";
import { finalFigures } from "../headless/runLog";
import type { NodeStudio } from "../node/studio";
import { writeResultsFile } from "../resultFiles/writeFile";
import { experimentOf, runName, type SweepPlan, type SweepRun } from "./plan";
import { qualityOf, type Measured, type RunSummary } from "./summary";

const incomplete = (id: string, what: string) =>
  new StudioError("INTERNAL", `The run ${id} has no ${what}.`, "Start the same command again.");

/** The encoders that a run's blocks are compared with. */
const comparedWith = ({ encoders }: SweepPlan, { alignment }: Experiment) =>
  encoders ?? alignment.encoders.slice(0, 1);

/** One plan a space: all draw the same samples, and the first looks into the blocks too. */
function analysisPlans(
  plan: SweepPlan,
  experiment: Experiment,
  count: number,
): readonly AnalysisPlan[] {
  const { evaluation, optimizer } = experiment;
  return plan.spaces.map((space, place) => ({
    times: [evaluation.cknnaTime],
    encoders: place === 0 ? comparedWith(plan, experiment) : [],
    alignmentCount: evaluation.heldOutCount,
    k: evaluation.cknnaK,
    probe: place === 0 ? plan.probe : null,
    samples: { space, count },
    mapImages: 0,
    seed: optimizer.seed,
  }));
}

type Found = readonly StoredAnalysis["found"]["result"][];

const cknnaOf = (found: Found): RunSummary["cknna"] =>
  found.flatMap((result) => {
    if (result.kind !== "alignment") return [];
    const { encoder, cknna, chance } = result;
    return [{ encoder, blocks: [...cknna], chance }];
  });

function probeOf(found: Found): RunSummary["probe"] {
  const probe = found.find((result) => result.kind === "probe");
  if (!probe) return null;
  const { layers, majority, trainCount } = probe;
  return { blocks: layers.map(({ accuracy }) => accuracy.value), majority, trainCount };
}

/** What was found of a checkpoint. @throws StudioError INTERNAL when a measurement the plan asks for is not there */
function figuresOf(plan: SweepPlan, experiment: Experiment, id: string, found: Found): Measured {
  const [cknna, probe] = [cknnaOf(found), probeOf(found)];
  if (cknna.length < comparedWith(plan, experiment).length) throw incomplete(id, "CKNNA");
  if (plan.probe && !probe) throw incomplete(id, "probe");
  const samples = found.filter((result): result is SampleResult => result.kind === "samples");
  const quality = Object.fromEntries(samples.map((result) => [result.space, qualityOf(result)]));
  const missing = plan.spaces.find((space) => quality[space] === undefined);
  if (missing !== undefined) throw incomplete(id, `measurement in the space of ${missing}`);
  return { cknna, probe, quality };
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

/** Keeps the checkpoints of some steps, which would go as later ones come. */
function checkpointKeeper({ environment }: NodeStudio, steps: readonly number[]) {
  let runId: string | undefined;
  const kept: Promise<void>[] = [];
  return {
    started: (id: string) => void (runId = id),
    stored: (step: number) => {
      if (runId === undefined || !steps.includes(step)) return;
      const key = { runId, step };
      kept.push(withDatabase(environment, (db) => markCheckpoint(db, key, { pinned: true })));
    },
    done: () => Promise.all(kept),
  };
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
  const request = { experiment, timeline: [], backend, name: runName(plan) };
  const keeper = checkpointKeeper(studio, plan.alsoAt?.steps ?? []);
  const { phase, failure, runId, points, device, record } = await studio.run(request, {
    onStarted: (id, known) => {
      keeper.started(id);
      note(`${known ? "going on with" : "started"} ${id}`);
    },
    onProgress: ({ part, event }) => {
      if (part !== "run") return;
      if (event.type === "phase") note(event.phase);
      if (event.type === "checkpoint") keeper.stored(event.step);
    },
  });
  await keeper.done();
  if (failure) throw fromFailure(failure);
  const [final, step] = [finalFigures(points), points.at(-1)?.step];
  if (phase !== "finished" || !final || step === undefined) throw incomplete(run.id, "end");
  if (!device) throw incomplete(run.id, "device");

  const encoders = [
    ...new Set([...experiment.alignment.encoders, ...comparedWith(plan, experiment)]),
  ];
  for (const space of plan.spaces) {
    await studio.fillCaches({
      ...{ data: experiment.data, autoencoder: experiment.autoencoder, backend },
      ...{ grid: gridSide(experiment), encoders, space },
    });
  }
  const measure = async (at: number, count: number): Promise<Measured> => {
    note(`${count} samples of step ${at} in ${plan.spaces.join(" and ")}`);
    const subjects = [{ kind: "run", runId, step: at }] as const;
    const requests = analysisPlans(plan, experiment, count).map((each) => ({
      ...{ subjects, plan: each, backend },
    }));
    const stored = await studio.analyse(requests);
    const found = stored.map((entry) => entry.found.result);
    return figuresOf(plan, experiment, run.id, found);
  };
  const before: (Measured & { readonly step: number })[] = [];
  for (const at of plan.alsoAt?.steps ?? []) {
    before.push({ step: at, ...(await measure(at, plan.alsoAt?.sampleCount ?? 0)) });
  }
  const figures = await measure(step, plan.sampleCount);
  await withDatabase(studio.environment, async (db) => {
    if (results !== undefined) await writeResultsOf(db, runId, results);
    await deleteRun(db, runId);
  });
  return {
    ...{ id: run.id, settings: run.settings, seed: run.seed, steps: step },
    velocityLoss: final.velocityLoss,
    stepMs: final.medianStepMs,
    ...figures,
    ...(before.length > 0 && { before }),
    device: { backend: device.backend, adapter: device.adapter },
    codeVersion: record.codeVersion,
  };
}
