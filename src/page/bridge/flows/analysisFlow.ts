import { proxy, transfer } from "comlink";
import type { Experiment } from "../../../common/config/experiment";
import { toFailure, type Failure } from "../../../common/errors/studioError";
import type { AnalysisPlan } from "../../../common/protocol/analysis";
import type { BackendChoice } from "../../../common/protocol/shared";
import { isAnalysing, planOf, subjectKey, subjectRecord } from "../../store/analysisSlice";
import { missingBytes } from "../../store/dataSlice";
import type { StudioStore } from "../../store/studioStore";
import type { Caching, RequestedFeatures } from "../run/caching";
import { tellOrEnd } from "../workers/heard";
import type { AnalysisWorkers, WorkerPool } from "../workers/workers";

/** Largest checkpoint file, in bytes, that is read into memory. */
const LARGEST_CHECKPOINT = 2 ** 31 - 1;

type Filling = Pick<Caching, "costEstimateOf" | "cache" | "stopCaching">;

/** Analyses subjects: first fills the caches they lack, then has the analysis worker measure. */
export function createAnalysisFlow(
  store: StudioStore,
  pool: WorkerPool<AnalysisWorkers>,
  caching: Filling,
  backend: BackendChoice,
  heardMs?: number,
) {
  const state = () => store.getState();
  const files = createCheckpointFiles(store, pool);
  const prepare = createPreparation(store, caching);
  const onEvent = proxy(state().applyAnalysisEvent);

  async function measure(plan: AnalysisPlan): Promise<Failure | null> {
    const lacking = await prepare(plan);
    if (lacking) return lacking;
    state().runAnalysis();
    const { subjects } = state().analysis;
    const outcome = await pool
      .running()
      .analysis.call((api) => api.analyse({ subjects, plan, backend }, onEvent));
    if (outcome.ok) return null;
    // opened files were in the memory of the worker that died
    if (outcome.failure.code === "WORKER_FAILED") files.closeAll();
    return outcome.failure;
  }

  async function analyse(): Promise<void> {
    const plan = planOf(state().analysis);
    if (!plan || isAnalysing(state().analysis.job)) return;
    state().beginAnalysis();
    state().endAnalysis(await measure(plan).catch(toFailure));
  }

  function cancel(): void {
    const { status } = state().analysis.job;
    if (status === "preparing") caching.stopCaching();
    if (status === "running") {
      // what was measured so far is stored
      void tellOrEnd(pool, ({ analysis }) => analysis.tell((api) => api.cancel()), heardMs);
    }
    if (status === "preparing" || status === "running") state().cancelAnalysis();
  }

  return { openFiles: files.openFiles, closeFile: files.closeFile, analyse, cancel };
}

/** Checkpoints from files. The analysis worker keeps what was opened. */
function createCheckpointFiles(store: StudioStore, pool: WorkerPool<AnalysisWorkers>) {
  const state = () => store.getState();

  /** One file after the other: their order decides the colours of their lines. */
  async function openFiles(files: readonly File[]): Promise<void> {
    for (const file of files) {
      const failure = await openBytes(file).catch(toFailure);
      if (failure) state().refuseCheckpoint(file.name, failure);
    }
  }

  async function openBytes(file: File): Promise<Failure | undefined> {
    if (file.size > LARGEST_CHECKPOINT) return tooLarge(file);
    const bytes = await file.arrayBuffer();
    // a published model's weights say nothing of images: it is looked at on those that are set
    const settings = state().experiment.value;
    const opened = await pool
      .running()
      .analysis.call((api) => api.openCheckpoint(file.name, transfer(bytes, [bytes]), settings));
    if (!opened.ok) return opened.failure;
    state().addCheckpoint(opened.value);
    return undefined;
  }

  function closeFile(fileId: string): void {
    state().removeCheckpoint(fileId);
    void pool.current()?.analysis.tell((api) => api.closeCheckpoint(fileId));
  }

  function closeAll(): void {
    for (const { fileId } of state().analysis.files) state().removeCheckpoint(fileId);
    pool.end();
  }

  return { openFiles, closeFile, closeAll };
}

/** Fetches the weights and fills the caches that a plan reads. */
function createPreparation(store: StudioStore, caching: Filling) {
  const state = () => store.getState();
  const wasCancelled = () => state().analysis.job.status === "cancelling";

  /** Weights and caches one experiment lacks. While others are filled it fails and does not wait. */
  async function fill(
    experiment: Experiment,
    features: RequestedFeatures,
  ): Promise<Failure | null> {
    const costEstimate = await caching.costEstimateOf(experiment, features);
    if (!costEstimate.ok) return costEstimate.failure;
    const { weights } = costEstimate.value;
    if (missingBytes(costEstimate.value) === 0 && weights.length === 0) return null;
    const { run, prefill } = state();
    if (run.phase === "caching" || prefill.status === "running") return BUSY;
    return (await caching.cache(experiment, features)) ?? null;
  }

  /** Subjects that read the same caches are prepared once. */
  return async (plan: AnalysisPlan): Promise<Failure | null> => {
    const features = { encoders: plan.encoders, space: plan.samples?.space };
    const needs = new Map<string, Experiment>();
    for (const subject of state().analysis.subjects) {
      const experiment = subjectRecord(state().analysis, subject)?.experiment;
      if (!experiment) return gone(subjectKey(subject));
      const { data, autoencoder, model } = experiment;
      needs.set(JSON.stringify({ data, autoencoder, patch: model.patchSize }), experiment);
    }
    for (const experiment of needs.values()) {
      const failure = await fill(experiment, features);
      if (failure ?? wasCancelled()) return failure ?? CANCELLED;
    }
    return null;
  };
}

const BUSY: Failure = {
  code: "CACHE_MISSING",
  message: "This analysis lacks caches, and others are being filled now.",
  hint: "Wait until they are filled, or stop filling them, then press Analyse again.",
};

const CANCELLED: Failure = {
  code: "CANCELLED",
  message: "The analysis was cancelled.",
  hint: "Press Analyse to go on: what was measured is kept.",
};

const tooLarge = ({ name, size }: File): Failure => ({
  code: "BAD_CHECKPOINT",
  message: `${name} has ${size} bytes; files up to ${LARGEST_CHECKPOINT} can be opened.`,
  hint: "Open a checkpoint the studio saved.",
});

const gone = (key: string): Failure => ({
  code: "BAD_CHECKPOINT",
  message: `What is to be analysed is no longer here (${key}).`,
  hint: "Choose again on the left.",
});
