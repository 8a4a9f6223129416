import { Experiment } from "../config/experiment";
import { measurementKey } from "../protocol/measurementSeries";
import type { Measurement, SampleGrid, StepPoint } from "../protocol/trainer";
import type { Database, GridRecord, LogRecord, RunRecord } from "./db";
import { storageError } from "./quota";

/** All steps of one run in a keyed store. */
const everyStep = (runId: string) => IDBKeyRange.bound([runId, 0], [runId, Infinity]);

/** A record as this version knows experiments: settings younger than the record take their defaults. */
function current(record: RunRecord): RunRecord {
  const experiment = Experiment.safeParse(record.experiment);
  return experiment.success ? { ...record, experiment: experiment.data } : record;
}

/** A run's record; undefined when there is none. */
export async function getRun(db: Database, runId: string): Promise<RunRecord | undefined> {
  const record = await db.get("runs", runId);
  return record && current(record);
}

/** Writes a run's record, whole. */
export async function putRun(db: Database, run: RunRecord): Promise<void> {
  await db
    .put("runs", run)
    .catch((cause: unknown) => Promise.reject(storageError(`saving run ${run.id}`, cause)));
}

/** Changes some fields of a run's record in one transaction; nothing happens when the run is gone. */
export async function updateRun(
  db: Database,
  runId: string,
  change: Partial<Omit<RunRecord, "id">>,
): Promise<void> {
  try {
    const tx = db.transaction("runs", "readwrite");
    const run = await tx.store.get(runId);
    if (run) await tx.store.put({ ...run, ...change });
    await tx.done;
  } catch (cause) {
    throw storageError(`saving run ${runId}`, cause);
  }
}

async function append(db: Database, record: LogRecord): Promise<void> {
  await db
    .add("log", record)
    .catch((cause: unknown) => Promise.reject(storageError(`logging run ${record.runId}`, cause)));
}

export const appendSteps = (
  db: Database,
  runId: string,
  points: readonly StepPoint[],
): Promise<void> => append(db, { runId, kind: "steps", points });

export const appendMeasurement = (
  db: Database,
  runId: string,
  measurement: Measurement,
): Promise<void> => append(db, { runId, kind: "measurement", measurement });

export async function putGrid(db: Database, runId: string, grid: SampleGrid): Promise<void> {
  await db
    .put("grids", { ...grid, runId })
    .catch((cause: unknown) =>
      Promise.reject(storageError(`saving the samples of step ${grid.step}`, cause)),
    );
}

/** A measurement made again after a resume counts once, in its newest form. */
function distinct(measured: Iterable<Measurement>): Measurement[] {
  const found = new Map<string, Measurement>();
  for (const measurement of measured) found.set(measurementKey(measurement), measurement);
  return [...found.values()].sort(byStep);
}

/** What a run measured, by step, without its losses and grids. */
export async function readMeasurements(db: Database, runId: string): Promise<Measurement[]> {
  const log = await db.getAllFromIndex("log", "byRun", runId);
  return distinct(log.flatMap((entry) => (entry.kind === "steps" ? [] : entry.measurement)));
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
  const tx = db.transaction("log");
  const keys = (await tx.store.index("byRun").getAllKeys(runId)).filter((key) => key > afterKey);
  const entries = await Promise.all(keys.map((key) => tx.store.get(key)));
  const points: StepPoint[] = [];
  const measurements: Measurement[] = [];
  for (const entry of entries) {
    if (entry?.kind === "steps") points.push(...entry.points);
    else if (entry) measurements.push(entry.measurement);
  }
  return { points, measurements, lastKey: keys.at(-1) ?? afterKey };
}

export const readGrid = (
  db: Database,
  runId: string,
  step: number,
): Promise<GridRecord | undefined> => db.get("grids", [runId, step]);

/** A run's sample grids, by step. */
export const readGrids = (db: Database, runId: string): Promise<GridRecord[]> =>
  db.getAll("grids", everyStep(runId));

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
  readonly points: readonly StepPoint[];
  readonly measurements: readonly Measurement[];
  readonly grids: readonly GridRecord[];
}

/**
 * Everything logged for a run, in step order. A run that was cut after its last checkpoint and resumed
 * logged some steps twice; they are equal by construction and the newest is kept.
 */
export async function readRun(db: Database, runId: string): Promise<StoredRun | undefined> {
  const record = await getRun(db, runId);
  if (!record) return undefined;
  const [log, grids] = await Promise.all([
    db.getAllFromIndex("log", "byRun", runId),
    readGrids(db, runId),
  ]);
  const points = new Map<number, StepPoint>();
  const measurements: Measurement[] = [];
  for (const entry of log) {
    if (entry.kind === "steps") for (const point of entry.points) points.set(point.step, point);
    else measurements.push(entry.measurement);
  }
  return {
    record,
    points: [...points.values()].sort(byStep),
    measurements: distinct(measurements),
    grids,
  };
}

const byStep = (a: { step: number }, b: { step: number }) => a.step - b.step;

/** All runs, newest first. */
export async function listRuns(db: Database): Promise<RunRecord[]> {
  return (await db.getAllFromIndex("runs", "byCreatedAt")).map(current).reverse();
}

/** Deletes a run with its log, grids, checkpoints and analyses. */
export async function deleteRun(db: Database, runId: string): Promise<void> {
  const tx = db.transaction(["runs", "log", "grids", "checkpoints", "analyses"], "readwrite");
  const [logKeys, analyses] = await Promise.all([
    tx.objectStore("log").index("byRun").getAllKeys(runId),
    tx.objectStore("analyses").index("byRun").getAllKeys(runId),
  ]);
  await Promise.all([
    tx.objectStore("runs").delete(runId),
    tx.objectStore("grids").delete(everyStep(runId)),
    tx.objectStore("checkpoints").delete(everyStep(runId)),
    ...logKeys.map((key) => tx.objectStore("log").delete(key)),
    ...analyses.map((key) => tx.objectStore("analyses").delete(key)),
    tx.done,
  ]);
}
