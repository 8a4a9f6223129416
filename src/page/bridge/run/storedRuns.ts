import type { CheckpointHead, Database, RunRecord } from "../../../common/storage/db";
import { openStudioDb, type OpenOptions } from "../../../common/storage/openDb";
import { tableOf } from "../../../common/storage/stepRows";
import { readBudget } from "../../../common/storage/checkpointBudget";
import { checkpointHeads, checkpointHeadsByRun } from "../../../common/storage/checkpoints";
import { listCaches } from "../../../common/storage/caches";
import { storageUse } from "../../../common/storage/quota";
import { listAnalyses } from "../../../common/storage/analyses";
import {
  listRuns,
  listRunsWithDeleted,
  readGrids,
  readLatest,
  readMeasurements,
  readRun,
  readSeries,
  storedSteps,
} from "../../../common/storage/runs";
import { toFailure, type Failure } from "../../../common/errors/studioError";
import type { Unreadable } from "../../../common/storage/checked";
import { findUnreadable } from "../../../common/storage/unreadable";
import type { AnalysedRun } from "../../store/analysisSlice";
import type { KeptCheckpoint, StoredRun } from "../../store/dataSlice";
import { isActive } from "../../store/runPhase";
import { curvesOf, type RunCurves } from "../../store/runsSlice";
import type { StoredRunLog } from "../../store/runSlice";
import { stepLogOf } from "../../store/stepLog";
import type { StudioStore } from "../../store/studioStore";
import { takenRuns } from "./runLocks";

/** Opens the database for one piece of work. @throws StudioError STORAGE_UNAVAILABLE */
export async function withDatabase<T>(
  work: (db: Database) => Promise<T>,
  options?: Pick<OpenOptions, "onUpgrade" | "silentMs">,
): Promise<T> {
  const db = await openStudioDb(undefined, options);
  try {
    return await work(db);
  } finally {
    db.close();
  }
}

/**
 * Hears that the database goes over to a newer version of the studio, or has gone over before this was asked, or is closed
 * by the browser. @returns what ends it
 */
export function watchDatabase(onClosed: (failure: Failure) => void): () => void {
  const watching = openStudioDb(undefined, { onClosed });
  watching.catch((thrown: unknown) => {
    const failure = toFailure(thrown);
    // why it does not open for another reason is said by whoever works on it
    if (failure.code === "STORAGE_OUTDATED") onClosed(failure);
  });
  return () => void watching.then((db) => db.close()).catch(() => undefined);
}

/** A run's checkpoints by step, from their heads. */
export const readKept = async (db: Database, runId: string): Promise<readonly KeptCheckpoint[]> =>
  keptOf(await checkpointHeads(db, runId));

const keptOf = (heads: readonly CheckpointHead[]): readonly KeptCheckpoint[] =>
  heads.map(({ step, bytes, pinned, forkPoint = false }) => ({
    ...{ step, bytes, pinned, forkPoint },
  }));

/** Reads runs, caches and storage use into the store. */
export async function refreshLists(db: Database, store: StudioStore): Promise<void> {
  const [all, heads, caches, use, budget] = await Promise.all([
    listRunsWithDeleted(db),
    checkpointHeadsByRun(db),
    listCaches(db),
    storageUse(),
    readBudget(db),
  ]);
  const taken = await takenRuns();
  const { deletions, run: shown } = store.getState();
  const isOwn = (id: string) => id === shown.runId && isActive(shown.phase);
  // the row of one that can still be brought back stays, with its undo
  const runs = all.filter(
    ({ id, deletedAtMs }) =>
      deletedAtMs === undefined || deletions.some(({ kind, key }) => kind === "run" && key === id),
  );
  const known = new Map(store.getState().data.runs.map((run) => [run.id, run]));
  const listed = runs.map(async (run, place): Promise<StoredRun> => {
    const checkpoints = keptOf(heads.get(run.id) ?? []);
    const before = known.get(run.id);
    // what a run at rest measured last is read once
    const isSame = before?.updatedAtMs === run.updatedAtMs && before.phase === run.phase;
    const { id, name, phase, step, experiment, timeline, device, createdAtMs, updatedAtMs } = run;
    return {
      ...{ id, name, phase, step, experiment, timeline, device, createdAtMs, updatedAtMs },
      isElsewhere: taken.has(run.id) && !isOwn(run.id),
      totalSteps: run.experiment.optimizer.steps,
      checkpointStep: checkpoints.at(-1)?.step ?? null,
      checkpoints,
      bytes: checkpoints.reduce((sum, { bytes }) => sum + bytes, 0),
      look: run.look ?? { color: runs.length - 1 - place, shown: false },
      pinned: run.pinned ?? false,
      parent: run.parent ?? null,
      imported: run.imported ?? null,
      latest: isSame && !isActive(phase) ? before.latest : await readLatest(db, run.id),
    };
  });
  const state = store.getState();
  state.setRuns(await Promise.all(listed));
  state.setCheckpointBudget(budget);
  state.setStorage(
    {
      usedBytes: use.usedBytes,
      quotaBytes: use.quotaBytes > 0 ? use.quotaBytes : null,
      persisted: use.persistent,
    },
    caches.map(({ cacheKey, label, bytes, rows }) => ({ key: cacheKey, label, bytes, rows })),
  );
}

/** What figures draw of a stored run beside the open one: its thinned curve, never its whole log. */
export async function readCurves(
  db: Database,
  { id, updatedAtMs }: Pick<StoredRun, "id" | "updatedAtMs">,
): Promise<RunCurves> {
  const [series, measurements, gridSteps] = await Promise.all([
    readSeries(db, id),
    readMeasurements(db, id),
    storedSteps(db, "grids", id),
  ]);
  return curvesOf({ runId: id, updatedAtMs }, series, measurements, gridSteps);
}

/** Whether a run was trained here, if only for its last steps. */
const isOwn = ({ imported, updatedAtMs }: RunRecord): boolean =>
  imported === undefined || updatedAtMs > imported.atMs;

/** A stored run as the store shows it; undefined when it is gone. */
export async function readStoredRun(
  db: Database,
  runId: string,
): Promise<StoredRunLog | undefined> {
  const stored = await readRun(db, runId);
  if (!stored) return undefined;
  const { record, steps, measurements, grids, unreadable } = stored;
  const newest = (await readKept(db, runId)).at(-1);
  return {
    runId: record.id,
    name: record.name,
    experiment: record.experiment,
    timeline: record.timeline,
    phase: record.phase,
    device: record.device,
    log: stepLogOf(tableOf(steps)),
    measurements,
    grids,
    checkpoint: newest ? { step: newest.step, bytes: newest.bytes } : null,
    imported: !isOwn(record),
    warnings: unreadable.length === 0 ? [] : [leftOut(unreadable)],
  };
}

/** Says that parts of a run's log are damaged. */
function leftOut(unreadable: readonly Unreadable[]): Failure {
  const grids = unreadable.filter(({ store }) => store === "grids").length;
  const rows = unreadable.length - grids;
  const named = [
    ...(rows > 0 ? [`${rows} ${rows === 1 ? "row" : "rows"} of its log`] : []),
    ...(grids > 0 ? [`${grids} sample ${grids === 1 ? "grid" : "grids"}`] : []),
  ];
  return {
    code: "CHECKSUM_MISMATCH",
    message: `Of this run, ${named.join(" and ")} cannot be read (${unreadable[0]?.why ?? ""}).`,
    hint: "The charts leave them out; its checkpoints are not concerned.",
  };
}

/** Reads which records cannot be read into the store. */
export async function refreshUnreadable(db: Database, store: StudioStore): Promise<void> {
  store.getState().setUnreadable(await findUnreadable(db));
}

/** The run that was begun or continued last, for a page that was reloaded; where there is none, the newest of a file. */
export async function newestRun(db: Database): Promise<RunRecord | undefined> {
  const runs = await listRuns(db);
  return runs.find(isOwn) ?? runs[0];
}

/** Reads what there is to analyse, and every result, into the store. */
export async function refreshAnalyses(db: Database, store: StudioStore): Promise<void> {
  const [runs, results] = await Promise.all([listRuns(db), listAnalyses(db)]);
  const read = async (run: RunRecord): Promise<AnalysedRun> => {
    const [checkpointSteps, gridSteps, measurements] = await Promise.all([
      storedSteps(db, "checkpoints", run.id),
      storedSteps(db, "grids", run.id),
      readMeasurements(db, run.id),
    ]);
    const { id, name, experiment, timeline, phase, createdAtMs, datasetHash, device } = run;
    return {
      id,
      name,
      experiment,
      timeline,
      phase,
      createdAtMs,
      datasetHash,
      device,
      checkpointSteps,
      gridSteps,
      measurements,
    };
  };
  store.getState().setAnalysed(await Promise.all(runs.map(read)), results);
}

/** Reads the sample grids of runs into the store. */
export async function refreshGrids(
  db: Database,
  store: StudioStore,
  runIds: readonly string[],
): Promise<void> {
  for (const runId of runIds) store.getState().setAnalysisGrids(runId, await readGrids(db, runId));
}
