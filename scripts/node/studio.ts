import type { Experiment, TimelineEntry } from "../../src/common/config/experiment";
import { StudioError, type Failure } from "../../src/common/errors/studioError";
import type { AnalysisRequest, StoredAnalysis } from "../../src/common/protocol/analysis";
import type { CacheEvent, CacheRequest } from "../../src/common/protocol/features";
import type { BackendChoice, DeviceReport } from "../../src/common/protocol/shared";
import type { Measurement, RunEvent, RunPhase, StepPoint } from "../../src/common/protocol/trainer";
import type { WeightsEvent } from "../../src/common/protocol/weights";
import { createAnalysisSession } from "../../src/sessions/analysis/analysisSession";
import { createFeaturesSession } from "../../src/sessions/features/featuresSession";
import type { SessionEnvironment } from "../../src/sessions/common/environment";
import { createTrainerSession } from "../../src/sessions/run/trainerSession";
import { withDatabase } from "../../src/sessions/common/withDatabase";
import { newestCheckpointStep } from "../../src/common/storage/checkpoints";
import type { RunRecord } from "../../src/common/storage/db";
import { listRuns, readRun } from "../../src/common/storage/runs";
import { pointsOf } from "../../src/common/storage/stepRows";
import { cacheRequest, fillCachesFirst, valueOf } from "./cachesFirst";
import { nodeEnvironment } from "./environment";
import { startMetricsThread } from "./metricsThread";
import type { NodePlaces } from "./places";
import { openState } from "./state";

/** Interval at which a stop request is looked for. */
const STOP_POLL_MS = 200;

/** What happens while an experiment runs, in order; the sessions' own events, told apart by their part. */
export type ExperimentProgress =
  | { readonly part: "weights"; readonly event: WeightsEvent }
  | { readonly part: "caches"; readonly event: CacheEvent }
  | { readonly part: "run"; readonly event: RunEvent };

export interface ExperimentRequest {
  readonly experiment: Experiment;
  /** Changes replayed at their steps. */
  readonly timeline?: readonly TimelineEntry[];
  /** Shown in lists of runs. */
  readonly name: string;
  readonly backend: BackendChoice;
  /** Whether published weights may be fetched; without it they must be in the state. */
  readonly download?: boolean;
}

export interface ExperimentHooks {
  readonly onProgress?: (progress: ExperimentProgress) => void;
  /**
   * Asked at every event and several times a second; once it says yes, the run ends after its step, with a checkpoint.
   */
  readonly shouldStop?: () => boolean;
  /** Before anything is computed. @param known the stored run that is gone on with; undefined for a new one */
  readonly onStarted?: (runId: string, known: RunRecord | undefined) => void;
}

export interface ExperimentResult {
  readonly runId: string;
  readonly phase: Extract<RunPhase, "finished" | "stopped" | "failed">;
  /** Why it failed; null unless the phase is "failed". */
  readonly failure: Failure | null;
  /** Of every step, in order; also of those before the run was cut. */
  readonly points: readonly StepPoint[];
  readonly measurements: readonly Measurement[];
  readonly device: DeviceReport | null;
  readonly record: RunRecord;
}

/** Sessions of this process over an open state; one experiment at a time. */
export interface NodeStudio {
  readonly environment: SessionEnvironment;
  readonly run: (request: ExperimentRequest, hooks?: ExperimentHooks) => Promise<ExperimentResult>;
  /** Fills the caches a measurement reads beyond those of its run. @throws StudioError as a run's own caches do */
  readonly fillCaches: (request: CacheRequest) => Promise<void>;
  /**
   * One analysis after the other; those of the same samples draw them once.
   * @returns what they found, in its order. @throws StudioError what `AnalysisApi.analyse` fails with
   */
  readonly analyse: (requests: readonly AnalysisRequest[]) => Promise<readonly StoredAnalysis[]>;
  /** Ends the metrics thread and gives the state back. */
  readonly close: () => Promise<void>;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The newest stored run, when it is of this experiment, unfinished and has a checkpoint to go on from. */
const unfinished = (
  environment: SessionEnvironment,
  { experiment }: ExperimentRequest,
): Promise<RunRecord | undefined> =>
  withDatabase(environment, async (db) => {
    const runs = (await listRuns(db)).filter((run) => run.phase !== "finished");
    const found = runs.find((run) => same(run.experiment, experiment));
    const step = found && (await newestCheckpointStep(db, found.id));
    return step === undefined ? undefined : found;
  });

async function resultOf(
  environment: SessionEnvironment,
  runId: string,
  failure: Failure | null,
): Promise<ExperimentResult> {
  const stored = await withDatabase(environment, (db) => readRun(db, runId));
  if (!stored) {
    if (failure) throw new StudioError(failure.code, failure.message, failure.hint);
    throw new StudioError("INTERNAL", `Run ${runId} vanished.`, "Start it again.");
  }
  const { record, measurements } = stored;
  const points = pointsOf(stored.steps);
  const phase = record.phase === "finished" || record.phase === "stopped" ? record.phase : "failed";
  return { runId, phase, failure, points, measurements, device: record.device, record };
}

/** Analyses with a metrics thread of their own: the trainer holds the other line. */
async function analyseAll(
  environment: SessionEnvironment,
  requests: readonly AnalysisRequest[],
): Promise<readonly StoredAnalysis[]> {
  const session = createAnalysisSession(environment);
  const metrics = startMetricsThread();
  const found: StoredAnalysis[] = [];
  try {
    await session.connectMetrics(metrics.port);
    for (const request of requests) {
      const outcome = session.analyse(request, (event) => {
        if (event.type === "result") found.push(event.stored);
      });
      await valueOf(Promise.race([outcome, metrics.died]));
    }
    return found;
  } finally {
    await metrics.end();
  }
}

/**
 * Opens a state folder and readies the sessions in this process.
 * @throws StudioError what `openState` throws
 */
export async function openNodeStudio(stateDir: string, places: NodePlaces): Promise<NodeStudio> {
  const state = await openState(stateDir);
  const environment = nodeEnvironment(places);
  const features = createFeaturesSession(environment);
  const trainer = createTrainerSession(environment);
  const metrics = startMetricsThread();
  await trainer.connectMetrics(metrics.port);

  async function train(
    runId: string,
    request: ExperimentRequest,
    { onProgress = () => undefined, shouldStop = () => false }: ExperimentHooks,
  ): Promise<Failure | null> {
    const { experiment, timeline = [], name, backend, download = false } = request;
    const look = () => {
      if (!shouldStop()) return;
      void features.cancel();
      void features.cancelDownload();
      void trainer.stop();
    };
    const poll = setInterval(look, STOP_POLL_MS);
    const tell = (progress: ExperimentProgress) => {
      onProgress(progress);
      look(); // quick steps may be done before the timer comes
    };
    try {
      await fillCachesFirst(features, cacheRequest(experiment, timeline, backend), {
        download,
        onCacheEvent: (event) => tell({ part: "caches", event }),
        onWeightsEvent: (event) => tell({ part: "weights", event }),
      });
      const start = { runId, name, experiment, timeline, backend };
      const outcome = await trainer.start(start, (event) => tell({ part: "run", event }));
      return outcome.ok ? null : outcome.failure;
    } finally {
      clearInterval(poll);
    }
  }

  return {
    environment,
    run: async (request, hooks = {}) => {
      const known = await unfinished(environment, request);
      const runId = known?.id ?? crypto.randomUUID();
      hooks.onStarted?.(runId, known);
      const failure = await Promise.race([train(runId, request, hooks), metrics.died]);
      return resultOf(environment, runId, failure);
    },
    fillCaches: (request) =>
      fillCachesFirst(features, request, {
        download: false,
        onCacheEvent: () => undefined,
        onWeightsEvent: () => undefined,
      }),
    analyse: (requests) => analyseAll(environment, requests),
    close: async () => {
      await metrics.end();
      state.close();
    },
  };
}

/**
 * Runs one experiment in this process, from its stored checkpoint where `stateDir` holds it unfinished. Caches stay
 * in the folder for the next one. The entry of the bundle this is in must do nothing unless `isMainThread`
 * (metricsThread.ts), and should end with process.exit (headless.ts says why).
 *
 * @throws StudioError before the run begins: BAD_CONFIG, WEIGHTS_MISSING, CANCELLED while caches are filled, and what
 * the backend and the state throw. A run that fails later ends in the phase "failed".
 */
export async function runExperiment({
  stateDir,
  places,
  ...asked
}: ExperimentRequest &
  ExperimentHooks & {
    readonly stateDir: string;
    readonly places: NodePlaces;
  }): Promise<ExperimentResult> {
  const studio = await openNodeStudio(stateDir, places);
  try {
    return await studio.run(asked, asked);
  } finally {
    await studio.close();
  }
}
