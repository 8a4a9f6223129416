import type { IDBPObjectStore, StoreNames } from "idb";
import { StudioError } from "../errors/studioError";
import { measurementKey } from "../protocol/measurementSeries";
import type { Measurement, SampleGrid, StepPoint } from "../protocol/trainer";
import { checkAll, readAll, readRecord, usable, type Unreadable } from "./checked";
import type { Database, GridRecord, RunRecord, StudioDb } from "./db";
import { everyPart, everyStep } from "./keys";
import { checkpointsName, heldNames, runName, unlessHeld } from "./locks";
import { failing, storageError } from "./quota";
import { DURABLE, inTransaction } from "./transaction";
import { emptySeries, withSteps, type Series } from "./series";
import { packSteps, unpackSteps, type StepRows } from "./stepRows";

/** A run's record; undefined when there is none, or none that can be read. */
export const getRun = (db: Database, runId: string): Promise<RunRecord | undefined> =>
  readRecord(db, "runs", runId);

/**
 * Stores the record of a run that is begun or continued: it becomes the newest of all lists. What the record does not name
 * (a pin, a parent) stays as it is stored.
 */
export async function putRun(db: Database, run: RunRecord): Promise<void> {
  try {
    const tx = db.transaction("runs", "readwrite", DURABLE);
    await inTransaction(tx, async () => {
      const known = undeleted(await tx.store.get(run.id));
      await tx.store.put({ ...known, ...run, order: await nextOrder(tx.store) });
    });
  } catch (cause) {
    throw storageError(`saving run ${run.id}`, cause);
  }
}

/** A record without the mark that it was deleted. */
function undeleted(run: RunRecord | undefined): RunRecord | undefined {
  if (!run) return undefined;
  const kept: { -readonly [K in keyof RunRecord]: RunRecord[K] } = { ...run };
  delete kept.deletedAtMs;
  return kept;
}

/** One more than the largest place a run has. */
export async function nextOrder(
  runs: Pick<
    IDBPObjectStore<StudioDb, ArrayLike<StoreNames<StudioDb>>, "runs", "readwrite">,
    "index"
  >,
): Promise<number> {
  const last = await runs.index("byOrder").openKeyCursor(null, "prev");
  return last ? last.key + 1 : 0;
}

/** Changes some fields of a run's record in one transaction; nothing happens when the run is gone. */
export async function updateRun(
  db: Database,
  runId: string,
  change: Partial<Omit<RunRecord, "id" | "order">>,
): Promise<void> {
  try {
    const tx = db.transaction("runs", "readwrite", DURABLE);
    await inTransaction(tx, async () => {
      const run = await tx.store.get(runId);
      // the page fills caches for a stored run: it is continued
      const place = change.phase === "caching" ? { order: await nextOrder(tx.store) } : {};
      if (run) await tx.store.put({ ...run, ...change, ...place });
    });
  } catch (cause) {
    throw storageError(`saving run ${runId}`, cause);
  }
}

/** Logs steps, and thins them into the run's series, in one transaction. */
export async function appendSteps(
  db: Database,
  runId: string,
  points: readonly StepPoint[],
): Promise<void> {
  try {
    const tx = db.transaction(["log", "series"], "readwrite");
    await inTransaction(tx, async () => {
      const series = tx.objectStore("series");
      const known = await series.get(runId);
      const log = tx.objectStore("log");
      for (const rows of packSteps(points)) await log.add({ runId, kind: "steps", ...rows });
      await series.put({ runId, ...withSteps(usable("series", known) ?? emptySeries, points) });
    });
  } catch (cause) {
    throw storageError(`logging run ${runId}`, cause);
  }
}

export async function appendMeasurement(
  db: Database,
  runId: string,
  measurement: Measurement,
): Promise<void> {
  try {
    const tx = db.transaction("log", "readwrite", DURABLE);
    await inTransaction(tx, () => tx.store.add({ runId, kind: "measurement", measurement }));
  } catch (cause) {
    throw storageError(`logging run ${runId}`, cause);
  }
}

export async function putGrid(db: Database, runId: string, grid: SampleGrid): Promise<void> {
  try {
    const tx = db.transaction("grids", "readwrite", DURABLE);
    await inTransaction(tx, () => tx.store.put({ ...grid, runId }));
  } catch (cause) {
    throw storageError(`saving the samples of step ${grid.step}`, cause);
  }
}

/** A measurement made again after a resume counts once, in its newest form. */
function distinct(measured: Iterable<Measurement>): Measurement[] {
  const found = new Map<string, Measurement>();
  for (const measurement of measured) found.set(measurementKey(measurement), measurement);
  return [...found.values()].sort(byStep);
}

/** What a run measured, by step, without its losses and grids. */
export async function readMeasurements(db: Database, runId: string): Promise<Measurement[]> {
  const { keys, rows } = await rowsOf(db, "byRunKind", [runId, "measurement"]);
  const { records } = checkAll("log", keys, rows);
  return distinct(records.flatMap((entry) => (entry.kind === "steps" ? [] : entry.measurement)));
}

/** What a list says of a run's figures: the newest of each kind. */
export interface LatestMeasured {
  readonly sampleQuality?: Extract<Measurement, { kind: "sampleQuality" }>;
  readonly layerAlignment?: Extract<Measurement, { kind: "layerAlignment" }>;
}

/**
 * The newest figures of a run, read from its log's end: what an evaluation logs is there within a few records. Of several
 * encoders and spaces the one that was logged last.
 */
export async function readLatest(db: Database, runId: string): Promise<LatestMeasured> {
  let found: LatestMeasured = {};
  const index = db.transaction("log").store.index("byRunKind");
  let cursor = await index.openCursor([runId, "measurement"], "prev");
  for (let read = 0; cursor && read < LATEST_AMONG; read++, cursor = await cursor.continue()) {
    const entry = usable("log", cursor.value);
    if (entry?.kind !== "measurement") continue;
    const { measurement } = entry;
    if (measurement.kind === "sampleQuality") found = { sampleQuality: measurement, ...found };
    if (measurement.kind === "layerAlignment") found = { layerAlignment: measurement, ...found };
    if (found.sampleQuality && found.layerAlignment) break;
  }
  return found;
}
/** An evaluation logs a row for each encoder and space, and gradient conflicts may lie between two. */
const LATEST_AMONG = 40;

/** Rows of the log with their keys, unchecked. */
async function rowsOf(
  db: Database,
  index: "byRun" | "byRunKind",
  key: StudioDb["log"]["indexes"][typeof index],
) {
  const tx = db.transaction("log");
  const byRun = tx.store.index(index);
  const [keys, rows] = await Promise.all([
    byRun.getAllKeys(key as never),
    byRun.getAll(key as never),
    tx.done,
  ]);
  return { keys, rows };
}

/** A run's steps thinned out; empty when none was logged. */
export async function readSeries(db: Database, runId: string): Promise<Series> {
  return (await readRecord(db, "series", runId)) ?? emptySeries;
}

/** What was logged for a run after the log's record `afterKey` (0 for all of it). */
export async function readLogSince(
  db: Database,
  runId: string,
  afterKey: number,
): Promise<{
  readonly points: readonly StepPoint[];
  readonly measurements: readonly Measurement[];
  /** Of the newest record there is. */
  readonly lastKey: number;
}> {
  const points: StepPoint[] = [];
  const measurements: Measurement[] = [];
  let lastKey = afterKey;
  const byRun = db.transaction("log").store.index("byRun");
  let cursor = await byRun.openCursor(runId);
  // straight to what is new: a long run has thousands of records
  if (cursor && cursor.primaryKey <= afterKey) {
    cursor = await cursor.continuePrimaryKey(runId, afterKey + 1);
  }
  for (; cursor; cursor = await cursor.continue()) {
    const entry = cursor.value;
    if (entry.kind === "steps") points.push(...unpackSteps(entry));
    else measurements.push(entry.measurement);
    lastKey = cursor.primaryKey;
  }
  return { points, measurements, lastKey };
}

export const readGrid = (
  db: Database,
  runId: string,
  step: number,
): Promise<GridRecord | undefined> => db.get("grids", [runId, step]);

/** A run's sample grids, by step. */
export async function readGrids(db: Database, runId: string): Promise<readonly GridRecord[]> {
  return (await readAll(db, "grids", everyStep(runId))).records;
}

/** Steps of a run's grids or kept checkpoints, ascending, from the keys alone. */
export async function storedSteps(
  db: Database,
  store: "grids" | "checkpoints",
  runId: string,
): Promise<number[]> {
  return (await db.getAllKeys(store, everyStep(runId))).map(([, step]) => step);
}

export interface StoredRun {
  readonly record: RunRecord;
  /** As they were logged: `tableOf` and `pointsOf` give each step once, in order. */
  readonly steps: readonly StepRows[];
  readonly measurements: readonly Measurement[];
  readonly grids: readonly GridRecord[];
  /** Rows of the log, and grids, that are damaged and left out. */
  readonly unreadable: readonly Unreadable[];
}

/**
 * Everything logged for a run. A run that was cut after its last checkpoint and resumed logged some steps twice; they are
 * equal by construction.
 */
export async function readRun(db: Database, runId: string): Promise<StoredRun | undefined> {
  const record = await getRun(db, runId);
  if (!record) return undefined;
  const [{ keys, rows }, grids] = await Promise.all([
    rowsOf(db, "byRun", runId),
    readAll(db, "grids", everyStep(runId)),
  ]);
  const log = checkAll("log", keys, rows);
  const steps: StepRows[] = [];
  const measurements: Measurement[] = [];
  for (const entry of log.records) {
    if (entry.kind === "steps") steps.push(entry);
    else measurements.push(entry.measurement);
  }
  return {
    record,
    steps,
    measurements: distinct(measurements),
    grids: grids.records,
    unreadable: [...log.unreadable, ...grids.unreadable],
  };
}

const byStep = (a: { step: number }, b: { step: number }) => a.step - b.step;

/** All runs that can be read, the one that was begun or continued last first; without those that were deleted. */
export async function listRuns(db: Database): Promise<RunRecord[]> {
  return (await listRunsWithDeleted(db)).filter(({ deletedAtMs }) => deletedAtMs === undefined);
}

/** The same, with those whose deletion can be undone. */
export async function listRunsWithDeleted(db: Database): Promise<RunRecord[]> {
  const { records } = await readAll(db, "runs");
  return [...records].sort((a, b) => (b.order ?? 0) - (a.order ?? 0));
}

/** Deleted by one tab within so long a time, a run may still be brought back by that tab. */
const UNDO_MS = 3_600_000;

/**
 * Takes a run out of all lists; nothing of it is deleted until `purgeRuns`.
 * @throws StudioError STORAGE_FAILED while another tab trains it
 */
export async function hideRun(db: Database, runId: string, nowMs: number): Promise<void> {
  const hidden = await unlessHeld(runName(db, runId), () =>
    updateRun(db, runId, { deletedAtMs: nowMs }),
  );
  if (!hidden) {
    throw new StudioError(
      "STORAGE_FAILED",
      "The run trains in another tab, so it was not deleted.",
      "Stop it there first.",
    );
  }
}

/** Brings a run back that was hidden. */
export async function unhideRun(db: Database, runId: string): Promise<void> {
  try {
    const tx = db.transaction("runs", "readwrite", DURABLE);
    await inTransaction(tx, async () => {
      const run = undeleted(await tx.store.get(runId));
      if (run) await tx.store.put(run);
    });
  } catch (cause) {
    throw storageError(`bringing back run ${runId}`, cause);
  }
}

/** Deletes hidden runs from the disk, without those that another tab may still bring back. */
export async function purgeRuns(db: Database, nowMs: number): Promise<void> {
  for (const { id, deletedAtMs } of await listRunsWithDeleted(db)) {
    // a clock that was set back makes the time since then negative
    if (deletedAtMs === undefined || Math.abs(nowMs - deletedAtMs) < UNDO_MS) continue;
    await purgeRun(db, id);
  }
}

/**
 * Deletes a hidden run from the disk, unless it trains somewhere or an analysis reads its checkpoints. One that was brought
 * back meanwhile stays.
 */
export async function purgeRun(db: Database, runId: string): Promise<void> {
  await unlessHeld(runName(db, runId), async () => {
    const read = await heldNames(checkpointsName(db, runId));
    if (read.length > 0 || (await getRun(db, runId))?.deletedAtMs === undefined) return;
    await deleteRun(db, runId);
  });
}

/** Deletes a run with its log, series, grids, checkpoints and analyses. */
export async function deleteRun(db: Database, runId: string): Promise<void> {
  const tx = db.transaction(
    ["runs", "log", "series", "grids", "checkpoints", "stateParts", "analyses"],
    "readwrite",
  );
  await inTransaction(tx, async () => {
    const [logKeys, analyses] = await Promise.all([
      tx.objectStore("log").index("byRun").getAllKeys(runId),
      tx.objectStore("analyses").index("byRun").getAllKeys(runId),
    ]);
    await Promise.all([
      tx.objectStore("runs").delete(runId),
      tx.objectStore("series").delete(runId),
      tx.objectStore("grids").delete(everyStep(runId)),
      tx.objectStore("checkpoints").delete(everyStep(runId)),
      tx.objectStore("stateParts").delete(everyPart(runId)),
      ...logKeys.map((key) => tx.objectStore("log").delete(key)),
      ...analyses.map((key) => tx.objectStore("analyses").delete(key)),
    ]);
  }).catch(failing(`deleting run ${runId}`));
}
