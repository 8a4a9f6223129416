import type { Experiment, TimelineEntry } from "../../../common/config/experiment";
import { PRESETS, presetById } from "../../../common/config/presets";
import { StudioError } from "../../../common/errors/studioError";
import { latestCheckpoint } from "../../../common/storage/checkpoints";
import type { Database } from "../../../common/storage/db";
import type { QueuedRun } from "../../../common/storage/queue";
import type { RunActions } from "../../commands/command";
import type { StoredRunLog } from "../../store/runSlice";
import type { StudioStore } from "../../store/studioStore";
import { saveFile } from "../saveFile";
import type { RunController } from "./controller";
import { newestRun, readStoredRun, withDatabase } from "./storedRuns";

/** Begins runs, goes on with stored ones, and shows one after a reload. */
export interface RunLauncher extends RunActions {
  /** Runs this experiment, with changes replayed at their steps. @param pauseAfter steps until it pauses */
  readonly beginRun: (
    experiment: Experiment,
    timeline: readonly TimelineEntry[],
    pauseAfter?: number,
  ) => void;
  /**
   * Runs what has waited for its turn, under its own id and name.
   * @returns false when it was stored and cannot go on any more, which is said
   */
  readonly beginQueued: (queued: QueuedRun) => Promise<boolean>;
  /** Shows the newest run, unless `isOther` says that the address asks for something else. */
  readonly restore: (db: Database, isOther: (experiment: Experiment) => boolean) => Promise<void>;
  readonly saveCheckpoint: () => void;
  /** Shows a stored run without training it. */
  readonly openStored: (runId: string) => void;
}

interface LauncherParts {
  readonly store: StudioStore;
  readonly controller: RunController;
  readonly report: (thrown: unknown) => void;
  /** A run that is to go on is no longer to be deleted. */
  readonly undoDelete: (runId: string) => Promise<void>;
  /** A stored run is shown after a reload; another tab may have it. */
  readonly onRestored: (runId: string) => Promise<void>;
}

const sameExperiment = (a: Experiment, b: Experiment) => JSON.stringify(a) === JSON.stringify(b);

const runGone = () =>
  new StudioError(
    "STORAGE_FAILED",
    "This run is no longer stored here.",
    "It was deleted, perhaps in another tab. Press Train to run its settings again.",
  );

const noCheckpoint = (experiment: Experiment | null) =>
  new StudioError(
    "BAD_CHECKPOINT",
    "This run has no checkpoint yet.",
    `One is saved every ${experiment?.evaluation.checkpointEvery ?? "so many"} steps, every two minutes, at its end, and when it is stopped.`,
  );

const noStart = () =>
  new StudioError(
    "BAD_CHECKPOINT",
    "This run came with a file that has no checkpoint of it, so it cannot go on.",
    "Train its settings as a new run, or open a file of results that was saved with checkpoints.",
  );

export function createRunLauncher({
  store,
  controller: run,
  report,
  undoDelete,
  onRestored,
}: LauncherParts): RunLauncher {
  const keepStored = () => {
    navigator.storage.persist().catch(() => false); // refused: the browser may evict what is stored
  };
  const beginRun: RunLauncher["beginRun"] = (experiment, timeline, pauseAfter) => {
    keepStored();
    const { presetId } = store.getState().experiment;
    const name = presetId ? presetById(presetId).name : "Custom";
    run.train({ run: { runId: crypto.randomUUID(), name, experiment, timeline }, pauseAfter });
  };

  /** A stored run, to be shown; null where another press was quicker, or it cannot be read, which is said. */
  async function readToShow(runId: string): Promise<StoredRunLog | null> {
    const read = withDatabase((db) => readStoredRun(db, runId));
    const found = await read.catch((thrown: unknown) => {
      report(thrown);
      return null;
    });
    if (run.isUnderWay()) return null; // another press was quicker
    if (found === undefined) report(runGone());
    if (found) store.getState().restoreRun(found);
    return found ?? null;
  }

  /** Shows a stored run as it was left; one that another tab has is followed. */
  async function openStored(runId: string): Promise<void> {
    if (run.isUnderWay()) return;
    if (await readToShow(runId)) await onRestored(runId);
  }

  /** Continues a stored run; one that was begun here and cut before its first checkpoint runs again from its start. */
  async function resumeStored(runId: string): Promise<boolean> {
    await undoDelete(runId);
    const found = await readToShow(runId);
    if (!found) return false;
    if (found.phase === "finished") return false;
    const canBegin = !found.imported || found.checkpoint !== null;
    if (canBegin) run.train({ run: found, from: found.checkpoint?.step });
    else report(noStart());
    return canBegin;
  }

  async function saveCheckpoint(): Promise<void> {
    const { runId, step } = store.getState().run;
    if (!runId) return;
    const live = await run.checkpoint();
    const bytes = live?.ok
      ? live.value
      : await withDatabase(async (db) => (await latestCheckpoint(db, runId))?.record.bytes);
    if (!bytes) throw noCheckpoint(store.getState().run.experiment);
    saveFile(new Blob([bytes]), `repa-studio-step-${step}.safetensors`);
  }

  return {
    press: (type) => run.press({ type }),
    begin: (pauseAfter) => {
      const { value, scheduled } = store.getState().experiment;
      beginRun(value, scheduled, pauseAfter);
    },
    beginRun,
    beginQueued: (queued) => {
      if (queued.from !== null) return resumeStored(queued.runId);
      keepStored();
      const { experiment, timeline } = queued;
      const preset = PRESETS.find((one) => sameExperiment(one.experiment, experiment));
      store.getState().loadExperiment(experiment, preset?.id ?? null, timeline);
      run.train({ run: queued });
      return Promise.resolve(true);
    },
    resumeStored: (runId) => void resumeStored(runId),
    openStored: (runId) => void openStored(runId).catch(report),
    isUnderWay: run.isUnderWay,
    saveCheckpoint: () => void saveCheckpoint().catch(report),
    restore: async (db, isOther) => {
      const newest = await newestRun(db);
      if (!newest || isOther(newest.experiment)) return;
      const found = await readStoredRun(db, newest.id);
      if (!found || run.isUnderWay()) return; // a press may have come while it was read
      store.getState().restoreRun(found);
      await onRestored(newest.id);
    },
  };
}
