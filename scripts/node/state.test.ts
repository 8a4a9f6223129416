import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Experiment } from "../../src/common/config/experiment";
import { deleteCache, readShard, writeShard } from "../../src/common/storage/caches";
import { latestCheckpoint, putCheckpoint } from "../../src/common/storage/checkpoints";
import type { Database, RunRecord } from "../../src/common/storage/db";
import { openStudioDb } from "../../src/common/storage/openDb";
import {
  appendMeasurement,
  appendSteps,
  deleteRun,
  listRuns,
  putRun,
  readRun,
  readSeries,
  storedSteps,
  updateRun,
} from "../../src/common/storage/runs";
import { packSteps, pointsOf } from "../../src/common/storage/stepRows";
import { NO_VALUE, serialise, type Operation } from "./journalFormat";
import { recordWrites } from "./recordWrites";
import { openJournal } from "./stateJournal";
import { openState, type NodeState } from "./state";

let folder: string;
let state: NodeState;
let db: Database;

async function openAgain(): Promise<void> {
  db.close();
  state.close();
  state = await openState(folder);
  db = await openStudioDb();
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "state-"));
  state = await openState(folder);
  db = await openStudioDb();
});
afterEach(() => {
  db.close();
  state.close();
  rmSync(folder, { recursive: true });
});

const run = (id: string, createdAtMs: number): RunRecord => ({
  id,
  name: "test",
  experiment: Experiment.parse({}),
  timeline: [],
  createdAtMs,
  updatedAtMs: createdAtMs,
  phase: "training",
  step: 0,
  device: null,
  datasetHash: "0",
  codeVersion: "0",
});
const point = (step: number) => ({ step, velocityLoss: 1, projLoss: 0, gradNorm: 1, stepMs: 1 });
const conflict = {
  kind: "gradientConflict" as const,
  step: 2,
  encoders: [],
  encoderDepth: 1,
  projCoeff: 0.5,
  objective: "cosine" as const,
  imageCount: 1,
  batchSize: 1,
  blocks: [],
  embedders: { cosine: null, velocityNorm: 1, alignmentNorm: null },
};

test("runs, their logs and their indexes are there after opening again", async () => {
  await putRun(db, run("old", 1));
  await putRun(db, run("new", 2));
  await updateRun(db, "old", { phase: "finished", step: 3 });
  await appendSteps(db, "old", [point(1), point(2)]);
  await appendMeasurement(db, "old", conflict);
  await openAgain();
  expect((await listRuns(db)).map(({ id, phase }) => [id, phase])).toEqual([
    ["new", "training"],
    ["old", "finished"],
  ]);
  expect(await readRun(db, "old")).toMatchObject({
    steps: packSteps([point(1), point(2)]),
    measurements: [conflict],
  });
});

test("generated keys go on where they were, also past records that are gone", async () => {
  await putRun(db, run("a", 1));
  for (const step of [1, 2, 3]) await appendSteps(db, "a", [point(step)]);
  await deleteRun(db, "a"); // keys of an index, then deletes by key and by range
  await openAgain();
  expect(await readRun(db, "a")).toBeUndefined();
  await appendSteps(db, "b", [point(1)]);
  expect(await db.getAllKeys("log")).toEqual([4]);
  await openAgain();
  expect((await db.getAll("log"))[0]).toMatchObject({ id: 4, runId: "b" });
});

test("only the kept checkpoints come back, each with its bytes", async () => {
  for (let step = 1; step <= 5; step++) {
    await putCheckpoint(db, "a", step, new Uint8Array(1000).fill(step).buffer, {
      nowMs: step,
    });
  }
  await openAgain();
  expect(await storedSteps(db, "checkpoints", "a")).toEqual([3, 4, 5]);
  const found = await latestCheckpoint(db, "a");
  expect(found?.damagedSteps).toEqual([]);
  expect(new Uint8Array(found?.record.bytes ?? [])).toEqual(new Uint8Array(1000).fill(5));
});

test("shards of a cache, and a cache that was deleted", async () => {
  const spec = { cacheKey: "k", label: "Latents", rowLength: 8 };
  const rows = Uint16Array.from({ length: 24 }, (_, i) => i);
  await writeShard(db, spec, 0, rows, 1);
  await openAgain();
  expect(await readShard(db, spec, { shard: 0, first: 0, last: 3 })).toEqual(rows);
  expect((await db.get("caches", "k"))?.rows).toBe(3);
  await deleteCache(db, "k");
  await openAgain();
  expect(await readShard(db, spec, { shard: 0, first: 0, last: 3 })).toBe("missing");
});

test("cursors' changes are kept, and nothing of a transaction that was aborted", async () => {
  for (const key of ["a", "b", "c"]) await db.put("settings", { key, value: 1 });
  const tx = db.transaction("settings", "readwrite");
  for (let cursor = await tx.store.openCursor(); cursor; cursor = await cursor.continue()) {
    if (cursor.key === "a") await cursor.update({ key: "a", value: 2 });
    if (cursor.key === "b") await cursor.delete();
  }
  await tx.done;
  const aborted = db.transaction("settings", "readwrite");
  await aborted.store.put({ key: "c", value: 3 });
  aborted.abort();
  await expect(aborted.done).rejects.toThrow();
  await openAgain();
  expect(await db.getAll("settings")).toEqual([
    { key: "a", value: 2 },
    { key: "c", value: 1 },
  ]);
});

test("a value counts as it was when it was put", async () => {
  const value = { list: [1] };
  const written = db.put("settings", { key: "a", value });
  value.list.push(2);
  await written;
  await openAgain();
  expect(await db.get("settings", "a")).toEqual({ key: "a", value: { list: [1] } });
});

test.each([
  [{ code: "ENOSPC" }, "QUOTA_EXCEEDED"],
  [{ code: "EIO" }, "STORAGE_FAILED"],
])("a write that the disk refuses with %j is not said to be stored", async (cause, code) => {
  recordWrites(() => {
    throw Object.assign(new Error("the disk refused"), cause);
  });
  await expect(putRun(db, run("a", 1))).rejects.toMatchObject({ code });
  await expect(updateRun(db, "a", { step: 1 })).rejects.toMatchObject({ code });
  await openAgain();
  expect(await listRuns(db)).toEqual([]);
  await putRun(db, run("b", 1));
  await openAgain();
  expect(await listRuns(db)).toHaveLength(1);
});

test("a folder is used by one process at a time; the lock of one that is gone is taken over", async () => {
  await expect(openState(folder)).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE" });
  db.close();
  state.close();
  expect(existsSync(join(folder, "lock"))).toBe(false);
  writeFileSync(join(folder, "lock"), `${process.ppid}\n`); // a process that is running
  await expect(openState(folder)).rejects.toThrow(`used by process ${process.ppid}`);
  writeFileSync(join(folder, "lock"), "4194304\n"); // above every process's number
  state = await openState(folder);
  db = await openStudioDb();
  expect(await listRuns(db)).toEqual([]);
});

/** Stores of version 4 that the upgrade reads, as a journal of then names them. */
const VERSION_4 = [
  { name: "runs", keyPath: "id", autoIncrement: false, index: ["byCreatedAt", "createdAtMs"] },
  { name: "log", keyPath: "id", autoIncrement: true, index: ["byRun", "runId"] },
  { name: "checkpoints", keyPath: ["runId", "step"], autoIncrement: false, index: null },
  { name: "grids", keyPath: ["runId", "step"], autoIncrement: false, index: null },
].map(({ index, ...store }) => ({
  ...store,
  indexes: index
    ? [{ name: index[0] ?? "", keyPath: index[1] ?? "", unique: false, multiEntry: false }]
    : [],
}));

test("a folder of version 4 is upgraded once, and its checkpoints and logs are there after that", async () => {
  db.close();
  state.close();
  rmSync(join(folder, "journal"));
  const bytes = new Uint8Array(5000).fill(7).buffer;
  const sha256 = createHash("sha256").update(new Uint8Array(bytes)).digest("hex");
  const put = (store: string, key: IDBValidKey, value: unknown): Operation => ({
    head: { kind: "put", store, key },
    value: serialise(value),
  });
  const journal = openJournal(join(folder, "journal"));
  journal.append([
    { head: { kind: "schema", schema: { version: 4, stores: VERSION_4 } }, value: NO_VALUE },
    put("runs", "a", run("a", 1)),
    put("log", 1, { id: 1, runId: "a", kind: "steps", points: [point(1), point(2)] }),
    put("checkpoints", ["a", 2], { runId: "a", step: 2, bytes, sha256, createdAtMs: 1 }),
  ]);
  journal.close();
  state = await openState(folder);
  db = await openStudioDb();
  for (let opened = 0; opened < 2; opened++) {
    expect(pointsOf((await readRun(db, "a"))?.steps ?? [])).toEqual([point(1), point(2)]);
    expect((await readSeries(db, "a")).points).toEqual([point(1), point(2)]);
    const found = await latestCheckpoint(db, "a");
    expect(new Uint8Array(found?.record.bytes ?? [])).toEqual(new Uint8Array(bytes));
    await openAgain();
  }
});
