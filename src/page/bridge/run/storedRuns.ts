import type { Database, RunRecord } from "../../../common/storage/db";
import { openStudioDb } from "../../../common/storage/db";
import { listCaches } from "../../../common/storage/caches";
import { storageUse } from "../../../common/storage/quota";
import { listAnalyses } from "../../../common/storage/analyses";
import {
  listRuns,
  readGrids,
  readMeasurements,
  readRun,
  storedSteps,
} from "../../../common/storage/runs";
import type { AnalysedRun } from "../../store/analysisSlice";
import type { StoredRunLog } from "../../store/runSlice";
import type { StudioStore } from "../../store/studioStore";

/** Opens the database for one piece of work. @throws StudioError STORAGE_UNAVAILABLE */
export async function withDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const db = await openStudioDb();
  try {
    return await work(db);
  } finally {
    db.close();
  }
}

/** Newest checkpoint of each run and what a run's checkpoints take, from keys and one record each. */
async function checkpointsOf(db: Database, runId: string) {
  const range = IDBKeyRange.bound([runId, 0], [runId, Infinity]);
  const keys = await db.getAllKeys("checkpoints", range);
  const newest = keys.at(-1);
  const record = newest && (await db.get("checkpoints", newest));
  const bytes = record?.bytes.byteLength ?? 0;
  return { step: newest?.[1] ?? null, bytes, allBytes: bytes * keys.length };
}

/** Reads runs, caches and storage use into the store. */
export async function refreshLists(db: Database, store: StudioStore): Promise<void> {
  const [runs, caches, use] = await Promise.all([listRuns(db), listCaches(db), storageUse()]);
  const listed = runs.map(async (run) => {
    const checkpoint = await checkpointsOf(db, run.id);
    return {
      id: run.id,
      name: run.name,
      phase: run.phase,
      step: run.step,
      totalSteps: run.experiment.optimizer.steps,
      createdAtMs: run.createdAtMs,
      updatedAtMs: run.updatedAtMs,
      checkpointStep: checkpoint.step,
      bytes: checkpoint.allBytes,
    };
  });
  const state = store.getState();
  state.setRuns(await Promise.all(listed));
  state.setStorage(
    {
      usedBytes: use.usedBytes,
      quotaBytes: use.quotaBytes > 0 ? use.quotaBytes : null,
      persisted: use.persistent,
    },
    caches.map(({ cacheKey, label, bytes, rows }) => ({ key: cacheKey, label, bytes, rows })),
  );
}

/** A stored run as the store shows it; undefined when it is gone. */
export async function readStoredRun(
  db: Database,
  runId: string,
): Promise<StoredRunLog | undefined> {
  const stored = await readRun(db, runId);
  if (!stored) return undefined;
  const { record, points, measurements, grids } = stored;
  const { step, bytes } = await checkpointsOf(db, runId);
  return {
    runId: record.id,
    name: record.name,
    experiment: record.experiment,
    timeline: record.timeline,
    phase: record.phase,
    device: record.device,
    points,
    measurements,
    grids,
    checkpoint: step === null ? null : { step, bytes },
  };
}

/** The newest run, for a page that was reloaded. */
export async function newestRun(db: Database): Promise<RunRecord | undefined> {
  return (await listRuns(db))[0];
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
