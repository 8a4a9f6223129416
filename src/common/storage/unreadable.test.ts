import { afterEach, beforeEach, expect, test } from "vitest";
import { installFakeIndexedDb } from "../../../test/fakeDatabase";
import { Experiment } from "../config/experiment";
import { listAnalyses } from "./analyses";
import { listCaches, writeShard } from "./caches";
import { latestCheckpoint, putCheckpoint } from "./checkpoints";
import { listDatasets } from "./datasets";
import type { Database } from "./db";
import { openStudioDb } from "./openDb";
import {
  appendSteps,
  getRun,
  hideRun,
  listRuns,
  purgeRuns,
  putGrid,
  putRun,
  readRun,
  unhideRun,
} from "./runs";
import { pointsOf } from "./stepRows";
import { deleteUnreadable, findUnreadable, unreadableFile } from "./unreadable";
import { listWeights } from "./weights";

let db: Database;
beforeEach(async () => {
  installFakeIndexedDb();
  db = await openStudioDb();
});
afterEach(() => db.close());

const run = (id: string) => ({
  ...{ id, name: id, experiment: Experiment.parse({}), timeline: [], createdAtMs: 1 },
  ...{ updatedAtMs: 1, phase: "stopped" as const, step: 0, device: null },
  ...{ datasetHash: "", codeVersion: "" },
});
const point = (step: number) => ({ step, velocityLoss: 1, projLoss: 0, gradNorm: 1, stepMs: 1 });
const damage = (store: "runs" | "caches" | "weights" | "datasets" | "analyses", value: unknown) =>
  db.put(store, value as never);

test("damaged records hide nothing else; each is named with what is wrong", async () => {
  await putRun(db, run("sound"));
  await writeShard(db, { cacheKey: "sound", label: "A", rowLength: 2 }, 0, Uint16Array.of(1, 2), 1);
  await putCheckpoint(db, "sound", 1, new ArrayBuffer(8), { nowMs: 1 });
  await damage("runs", { ...run("no text"), name: 7 });
  await damage("runs", { id: "no experiment", name: "x" });
  await damage("caches", { cacheKey: "broken", label: "A" });
  await damage("weights", { key: "broken" });
  await damage("datasets", { id: "broken", name: null });
  await damage("analyses", { key: "broken", found: { subject: null } });
  await db.put("checkpoints", { runId: "sound", step: 2, bytes: 8, parts: "none" } as never);

  expect((await listRuns(db)).map(({ id }) => id)).toEqual(["sound"]);
  expect((await listCaches(db)).map(({ cacheKey }) => cacheKey)).toEqual(["sound"]);
  expect([await listWeights(db), await listDatasets(db), await listAnalyses(db)]).toEqual([
    [],
    [],
    [],
  ]);
  expect(await latestCheckpoint(db, "sound")).toMatchObject({
    record: { step: 1 },
    damagedSteps: [2],
  });
  const found = await findUnreadable(db);
  expect(found.map(({ store, key }) => [store, key])).toEqual([
    ["runs", "no experiment"],
    ["runs", "no text"],
    ["checkpoints", ["sound", 2]],
    ["caches", "broken"],
    ["weights", "broken"],
    ["datasets", "broken"],
    ["analyses", "broken"],
  ]);
  expect(found[1]?.why).toMatch(/^name: /);

  for (const item of found) await deleteUnreadable(db, item);
  expect(await findUnreadable(db)).toEqual([]);
  expect((await latestCheckpoint(db, "sound"))?.record.step).toBe(1);
});

test("a record that cannot be read can be saved as a file, a checkpoint with its bytes", async () => {
  const bytes = Uint8Array.of(1, 2, 3, 4).buffer;
  await putCheckpoint(db, "a", 5, bytes, { nowMs: 1 });
  const head = await db.get("checkpoints", ["a", 5]);
  await db.put("checkpoints", { ...head, parts: 7 } as never);
  const [item] = await findUnreadable(db);
  if (!item) throw new Error("the damaged head was not found");
  const file = new Uint8Array(await (await unreadableFile(db, item)).arrayBuffer());
  const end = file.indexOf(10);
  const line = JSON.parse(new TextDecoder().decode(file.subarray(0, end))) as object;
  expect(line).toMatchObject({
    store: "checkpoints",
    record: { runId: "a", parts: 7 },
    parts: [{ part: 0, bytes: { bytesAt: 0, bytes: 4 } }],
  });
  expect(file.subarray(end + 1)).toEqual(Uint8Array.of(1, 2, 3, 4));
});

test("what the browser cannot read is listed, and its neighbours are read", async () => {
  await putRun(db, run("a"));
  await putRun(db, run("b"));
  const get = Reflect.get(IDBObjectStore.prototype, "get") as (key: IDBValidKey) => IDBRequest;
  const getAll: unknown = Reflect.get(IDBObjectStore.prototype, "getAll");
  const refuse = (): never => {
    throw new DOMException("Failed to read large IndexedDB value", "DataError");
  };
  IDBObjectStore.prototype.getAll = refuse;
  IDBObjectStore.prototype.get = function (this: IDBObjectStore, key: IDBValidKey) {
    return key === "a" ? refuse() : get.call(this, key);
  };
  expect((await listRuns(db)).map(({ id }) => id)).toEqual(["b"]);
  expect((await findUnreadable(db)).map(({ key }) => key)).toEqual(["a"]);
  Object.assign(IDBObjectStore.prototype, { get, getAll });
});

test("damaged rows of a log and a damaged grid are left out of their run, and named", async () => {
  await putRun(db, run("a"));
  await appendSteps(db, "a", [point(1)]);
  await db.add("log", { runId: "a", kind: "steps", points: [{ step: "two" }] } as never);
  await db.add("log", { runId: "a", kind: "measurement" } as never);
  await db.add("log", { runId: "a", kind: "poem" } as never);
  await appendSteps(db, "a", [point(3)]);
  const grid = { step: 1, png: new ArrayBuffer(3), count: 1, columns: 1, tile: 1, labels: [0] };
  await putGrid(db, "a", grid);
  await db.put("grids", { runId: "a", step: 2, png: "none" } as never);
  const stored = await readRun(db, "a");
  expect(pointsOf(stored?.steps ?? []).map(({ step }) => step)).toEqual([1, 3]);
  expect(stored?.grids).toEqual([{ ...grid, runId: "a" }]);
  expect(stored?.unreadable.map(({ store }) => store)).toEqual(["log", "log", "log", "grids"]);
});

test("the phase of a later version is shown as unknown, and stays as it was written", async () => {
  await putRun(db, run("a"));
  await db.put("runs", { ...run("a"), phase: "distilling" as never });
  expect((await getRun(db, "a"))?.phase).toBe("unknown");
  await putRun(db, { ...run("a"), name: "Renamed" });
  expect(await db.get("runs", "a")).toMatchObject({ name: "Renamed", phase: "stopped" });
});

test("a deleted run can be brought back, and is purged an hour after, not before", async () => {
  const hourMs = 3_600_000;
  await putRun(db, run("a"));
  await appendSteps(db, "a", [point(1)]);
  await hideRun(db, "a", 5000);
  expect(await listRuns(db)).toEqual([]);
  await unhideRun(db, "a");
  expect(pointsOf((await readRun(db, "a"))?.steps ?? [])).toHaveLength(1);

  await hideRun(db, "a", 5000);
  await purgeRuns(db, 5000 + hourMs - 1);
  expect(await db.count("runs")).toBe(1);
  await purgeRuns(db, 5000 + hourMs);
  expect([await db.count("runs"), await db.count("log")]).toEqual([0, 0]);
});
