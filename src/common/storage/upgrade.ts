import { unwrap, type IDBPDatabase, type IDBPTransaction, type StoreNames } from "idb";
import type { CheckpointHead, RunRecord, StatePartRecord, StudioDb } from "./db";
import { emptySeries, withSteps, type Series } from "./series";
import { packSteps } from "./stepRows";
import type { StepPoint } from "../protocol/trainer";

/** The transaction a database is upgraded in: all of it is written or nothing. */
export type UpgradeTransaction = IDBPTransaction<StudioDb, StoreNames<StudioDb>[], "versionchange">;

/** Makes the stores a database of `oldVersion` lacks. One `if` per version, never edited once released. */
export function makeStores(
  db: IDBPDatabase<StudioDb>,
  oldVersion: number,
  tx: UpgradeTransaction,
): void {
  if (oldVersion < 1) {
    db.createObjectStore("caches", { keyPath: "cacheKey" });
    db.createObjectStore("shards", { keyPath: ["cacheKey", "shard"] });
    db.createObjectStore("runs", { keyPath: "id" }).createIndex("byCreatedAt", "createdAtMs");
    db.createObjectStore("log", { keyPath: "id", autoIncrement: true }).createIndex(
      "byRun",
      "runId",
    );
    db.createObjectStore("grids", { keyPath: ["runId", "step"] });
    db.createObjectStore("checkpoints", { keyPath: ["runId", "step"] });
  }
  if (oldVersion < 2) db.createObjectStore("settings", { keyPath: "key" });
  if (oldVersion < 3) {
    db.createObjectStore("datasets", { keyPath: "id" });
    db.createObjectStore("imageLists", { keyPath: ["datasetId", "shard"] });
    db.createObjectStore("images", { keyPath: ["datasetId", "shard"] });
    db.createObjectStore("weights", { keyPath: "key" });
    db.createObjectStore("weightChunks", { keyPath: ["weightsKey", "index"] });
  }
  if (oldVersion < 4) {
    db.createObjectStore("analyses", { keyPath: "key" }).createIndex(
      "byRun",
      "found.subject.runId",
    );
  }
  if (oldVersion < 5) {
    db.createObjectStore("stateParts", { keyPath: ["runId", "step", "part"] });
    db.createObjectStore("series", { keyPath: "runId" });
    tx.objectStore("log").createIndex("byRunKind", ["runId", "kind"]);
    tx.objectStore("runs").createIndex("byOrder", "order");
  }
}

/**
 * Brings the records of an older version into their new form, within the upgrade's transaction. A record that is damaged
 * stays as it is: it is found, and listed as unreadable, by whoever reads it.
 * @param onProgress told which share is done, from 0 to 1
 */
export async function moveRecords(
  oldVersion: number,
  tx: UpgradeTransaction,
  onProgress: (share: number) => void,
): Promise<void> {
  if (oldVersion === 0 || oldVersion >= 6) return;
  if (oldVersion < 5) {
    await splitCheckpoints(tx);
    await numberRuns(tx);
  }
  await packLogs(tx, onProgress);
}

/** A checkpoint as version 4 kept it: one record with its bytes. */
interface WholeCheckpoint {
  readonly runId: string;
  readonly step: number;
  readonly bytes: ArrayBuffer;
  readonly sha256: string;
  readonly createdAtMs: number;
}

const isWhole = (value: unknown): value is WholeCheckpoint =>
  typeof value === "object" &&
  value !== null &&
  "bytes" in value &&
  value.bytes instanceof ArrayBuffer &&
  "sha256" in value &&
  typeof value.sha256 === "string";

/**
 * Takes the bytes out of the records, one checkpoint in memory at a time. Each becomes one part, whatever its length, so
 * that its checksum still holds and none has to be computed.
 */
async function splitCheckpoints(tx: UpgradeTransaction): Promise<void> {
  const heads = tx.objectStore("checkpoints");
  const parts = tx.objectStore("stateParts");
  for (const key of await heads.getAllKeys()) {
    const whole = await valueOrNothing(unwrap(heads), key);
    if (!isWhole(whole)) continue;
    const { runId, step, bytes, sha256, createdAtMs } = whole;
    const part: StatePartRecord = { runId, step, part: 0, bytes };
    const head: CheckpointHead = {
      ...{ runId, step, createdAtMs, bytes: bytes.byteLength, pinned: false },
      parts: [{ bytes: bytes.byteLength, sha256 }],
    };
    await parts.put(part);
    await heads.put(head);
  }
}

/** A record's value; undefined where the browser cannot read it, which must not end the transaction. */
function valueOrNothing(store: IDBObjectStore, key: IDBValidKey): Promise<unknown> {
  return new Promise((resolve) => {
    const request = store.get(key);
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => {
      event.preventDefault();
      event.stopPropagation();
      resolve(undefined);
    };
  });
}

/** Runs get their places in the order they were created in, as far as their clock was right. */
async function numberRuns(tx: UpgradeTransaction): Promise<void> {
  const runs = tx.objectStore("runs");
  const records: readonly RunRecord[] = await runs.getAll();
  const byTime = records.filter(isObject).sort((a, b) => timeOf(a) - timeOf(b));
  for (const [order, record] of byTime.entries()) await runs.put({ ...record, order });
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const timeOf = ({ createdAtMs }: RunRecord) => (Number.isFinite(createdAtMs) ? createdAtMs : 0);

/** Rows of the log that are read at once; up to version 5 a row had 50 steps. */
const ROWS = 200;

/** Logged steps as versions up to 5 kept them. */
interface PointRow {
  readonly id: number;
  readonly runId: string;
  readonly points: readonly StepPoint[];
}

/** Makes rows of numbers of logged steps, many old rows in one, and the thinned series of every run. */
async function packLogs(
  tx: UpgradeTransaction,
  onProgress: (share: number) => void,
): Promise<void> {
  const log = tx.objectStore("log");
  const series = new Map<string, Series>();
  const keys = await log.getAllKeys();
  for (let at = 0; at < keys.length; at += ROWS) {
    onProgress(at / keys.length);
    const last = keys[Math.min(at + ROWS, keys.length) - 1];
    const rows: readonly unknown[] = await log.getAll(IDBKeyRange.bound(keys[at], last));
    const whole = rows.filter(isPointRow);
    for (const runId of new Set(whole.map((row) => row.runId))) {
      const own = whole.filter((row) => row.runId === runId);
      const points = own.flatMap((row) => row.points);
      series.set(runId, withSteps(series.get(runId) ?? emptySeries, points));
      await replaceRows(tx, runId, own, points);
    }
  }
  for (const [runId, thinned] of series) await tx.objectStore("series").put({ runId, ...thinned });
}

/** Puts packed steps in the place of the rows they were in: the log's order is that of its keys. */
async function replaceRows(
  tx: UpgradeTransaction,
  runId: string,
  rows: readonly PointRow[],
  points: readonly StepPoint[],
): Promise<void> {
  const log = tx.objectStore("log");
  const packed = packSteps(points);
  // a row may be of several forms where a run was continued by a newer version
  for (const { id } of rows.slice(packed.length)) await log.delete(id);
  for (const [i, piece] of packed.entries()) {
    const place = rows[i];
    await log.put({ ...(place && { id: place.id }), runId, kind: "steps", ...piece });
  }
}

/** Values that logged steps had in every version. */
const STEP_VALUES = ["velocityLoss", "projLoss", "gradNorm", "stepMs"] as const;

const isPoint = (value: unknown): value is StepPoint => {
  if (typeof value !== "object" || value === null) return false;
  const point = value as Readonly<Record<string, unknown>>;
  return (
    Number.isSafeInteger(point.step) &&
    Number(point.step) >= 0 &&
    STEP_VALUES.every((name) => name in point) &&
    Object.values(point).every((one) => typeof one === "number")
  );
};

const isPointRow = (row: unknown): row is PointRow =>
  isObject(row) &&
  "runId" in row &&
  typeof row.runId === "string" &&
  "points" in row &&
  Array.isArray(row.points) &&
  row.points.every(isPoint);
