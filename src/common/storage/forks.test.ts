import { afterEach, beforeEach, expect, test } from "vitest";
import { installFakeIndexedDb } from "../../../test/fakeDatabase";
import { forkOf, unchangedFork } from "../config/forks";
import { presetById } from "../config/presets";
import { checkpointHeads, putCheckpoint, readCheckpointOf } from "./checkpoints";
import type { Database, RunRecord } from "./db";
import { storeFork } from "./forks";
import { openStudioDb } from "./openDb";
import { deleteRun, getRun, listRuns, putRun } from "./runs";

let db: Database;
beforeEach(async () => {
  installFakeIndexedDb();
  db = await openStudioDb();
});
afterEach(() => db.close());

const { experiment } = presetById("tiny");
const bytes = Float32Array.from({ length: 500 }, (_, i) => i).buffer;

const parentOf = async (more: Partial<RunRecord> = {}): Promise<RunRecord> => {
  const run: RunRecord = {
    ...{ id: "parent", name: "Tiny", experiment, timeline: [], createdAtMs: 1, updatedAtMs: 1 },
    ...{ phase: "finished", step: 40, device: null, datasetHash: "hash", codeVersion: "1" },
    ...more,
  };
  await putRun(db, run);
  await putCheckpoint(db, run.id, 20, bytes, { nowMs: 1, partBytes: 600 });
  return run;
};
const fork = (parent: RunRecord, id = "child", learningRate?: number) => {
  const point = { step: 20 };
  const start = unchangedFork(parent, point);
  const optimizer = { ...start.optimizer, ...(learningRate !== undefined && { learningRate }) };
  return storeFork(db, {
    ...{ id, parent, step: 20, look: { color: 2, shown: true }, nowMs: 5 },
    fork: forkOf(parent, point, { ...start, optimizer }),
  });
};

test("a fork has a copy of the checkpoint, and outlives its parent", async () => {
  await fork(await parentOf({ imageRanges: [[0, 9]], repeats: true }), "child", 0.05);
  await deleteRun(db, "parent");
  expect((await readCheckpointOf(db, "child", 20)).bytes).toEqual(bytes);
  expect(await checkpointHeads(db, "child")).toMatchObject([{ forkPoint: true, pinned: false }]);
  const [record] = await listRuns(db);
  expect(record).toMatchObject({
    ...{ id: "child", name: "Tiny", step: 20, phase: "stopped", datasetHash: "hash" },
    ...{ imageRanges: [[0, 9]], repeats: true, look: { color: 2, shown: true } },
    parent: {
      ...{ runId: "parent", step: 20, repeatable: false },
      change: [{ path: "optimizer.learningRate", to: 0.05 }],
    },
  });
});

test("a fork is listed before its parent, and one of a fork that cannot be repeated cannot be either", async () => {
  const parent = await parentOf();
  const child = await fork(parent, "child", 0.05);
  expect((await listRuns(db)).map(({ id }) => id)).toEqual(["child", "parent"]);
  const grandchild = await fork({ ...child, id: "child" }, "grandchild");
  expect(grandchild.parent).toMatchObject({ change: [], repeatable: false });
  expect((await fork(parent, "other")).parent?.repeatable).toBe(true);
});

test("a checkpoint that is gone or damaged is refused, and nothing of the fork is stored", async () => {
  const parent = await parentOf();
  await db.put("stateParts", { runId: "parent", step: 20, part: 1, bytes: new ArrayBuffer(600) });
  await expect(fork(parent)).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
  const point = { step: 21 };
  const request = {
    ...{ id: "child", parent, step: 21, look: { color: 0, shown: true }, nowMs: 5 },
    fork: forkOf(parent, point, unchangedFork(parent, point)),
  };
  await expect(storeFork(db, request)).rejects.toMatchObject({ code: "BAD_CHECKPOINT" });
  expect(await getRun(db, "child")).toBeUndefined();
  expect(await db.count("stateParts")).toBe(4);
});

test("a fork of the start needs no checkpoint, and is repeated whatever it changes", async () => {
  const parent = await parentOf();
  const point = { step: 0 };
  const start = unchangedFork(parent, point);
  const optimizer = { ...start.optimizer, learningRate: 0.05 };
  const fromStart = forkOf(parent, point, { ...start, optimizer });
  const look = { color: 0, shown: true };
  await storeFork(db, { id: "child", parent, step: 0, fork: fromStart, look, nowMs: 5 });
  expect(await checkpointHeads(db, "child")).toEqual([]);
  expect(await getRun(db, "child")).toMatchObject({ step: 0, parent: { repeatable: true } });
});

test("an origin's change that cannot be read hides no run", async () => {
  await parentOf();
  const parent = { runId: "x", step: 3, change: [{ path: 7 }] };
  await db.put("runs", { ...(await getRun(db, "parent")), id: "odd", parent } as never);
  expect((await getRun(db, "odd"))?.parent).toEqual({ runId: "x", step: 3, change: undefined });
});
