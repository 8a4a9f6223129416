import { Experiment } from "../config/experiment";
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
    db.getAll("grids", everyStep(runId)),
  ]);
  const points = new Map<number, StepPoint>();
  const measurements = new Map<string, Measurement>();
  for (const entry of log) {
    if (entry.kind === "steps") for (const point of entry.points) points.set(point.step, point);
    else measurements.set(measurementKey(entry.measurement), entry.measurement);
  }
  const byStep = (a: { step: number }, b: { step: number }) => a.step - b.step;
  return {
    record,
    points: [...points.values()].sort(byStep),
    measurements: [...measurements.values()].sort(byStep),
    grids,
  };
}

/** What a measurement is one point of, over steps. */
export function measurementSeries(m: Measurement): string {
  switch (m.kind) {
    case "layerAlignment":
      return `${m.kind}/${m.encoder}`;
    case "sampleQuality":
      return `${m.kind}/${m.space}`;
    case "gradientConflict":
      return m.kind;
  }
}

const measurementKey = (m: Measurement) => `${measurementSeries(m)}/${m.step}`;

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
