import { openDB } from "idb";
import { afterEach, expect, test } from "vitest";
import { Experiment } from "../config/experiment";
import type { LayerAlignment } from "../protocol/trainer";
import {
  deleteCache,
  listCaches,
  readShard,
  rowsPerShard,
  shardRanges,
  storedShards,
  writeShard,
  type CacheSpec,
} from "./caches";
import { latestCheckpoint, putCheckpoint } from "./checkpoints";
import type { Database } from "./db";
import { openStudioDb } from "./openDb";
import { deletable } from "./deletable";
import { assertRoomFor } from "./quota";
import {
  appendMeasurement,
  appendSteps,
  deleteRun,
  getRun,
  listRuns,
  putGrid,
  putRun,
  readLogSince,
  readRun,
  updateRun,
} from "./runs";
import { pointsOf } from "./stepRows";

/** Real IndexedDB: these tests run in the browser project, though nothing here needs a GPU. */
const opened: Database[] = [];

async function database(): Promise<Database> {
  const db = await openStudioDb(`test-${crypto.randomUUID()}`);
  opened.push(db);
  return db;
}

afterEach(() => {
  for (const db of opened.splice(0)) {
    db.close();
    indexedDB.deleteDatabase(db.name);
  }
});

/** Rows so long that eight of them make a shard. */
const spec: CacheSpec = { cacheKey: "latents/test", label: "Latents (test)", rowLength: 300_000 };
const rowsOf = (first: number, last: number) =>
  Uint16Array.from(
    { length: (last - first) * spec.rowLength },
    (_, at) => first + Math.floor(at / spec.rowLength),
  );

/** Element by element, because the matcher's own comparison of a million numbers takes seconds. */
const same = (got: unknown, want: Uint16Array) =>
  got instanceof Uint16Array && got.length === want.length && got.every((x, i) => x === want[i]);

async function fill(db: Database, rows: number) {
  for (const { shard, first, last } of shardRanges(spec, rows)) {
    await writeShard(db, spec, shard, rowsOf(first, last), 1);
  }
}

test("what is written is read back, shard by shard, whatever the order", async () => {
  const db = await database();
  expect(rowsPerShard(spec)).toBe(8);
  for (const { shard, first, last } of shardRanges(spec, 19).reverse()) {
    await writeShard(db, spec, shard, rowsOf(first, last), 1);
  }
  for (const range of shardRanges(spec, 19)) {
    expect(same(await readShard(db, spec, range), rowsOf(range.first, range.last))).toBe(true);
  }
  expect(await storedShards(db, spec)).toEqual(new Set([0, 1, 2]));
  expect(await listCaches(db)).toMatchObject([{ rows: 19, bytes: 19 * spec.rowLength * 2 }]);
});

test("a shard written again is counted once, and a short last one is missing when more rows are wanted", async () => {
  const db = await database();
  await fill(db, 10);
  await fill(db, 10);
  expect(await listCaches(db)).toMatchObject([{ rows: 10 }]);
  const [whole, short] = shardRanges(spec, 12);
  if (!whole || !short) throw new Error("two shards hold 12 rows");
  expect(same(await readShard(db, spec, whole), rowsOf(0, 8))).toBe(true);
  expect(await readShard(db, spec, short)).toBe("missing");
  expect(same(await readShard(db, spec, { ...short, last: 10 }), rowsOf(8, 10))).toBe(true);
});

test("short rows fill two megabytes, long ones come by eight, the longest by as many as fit in eight", () => {
  const perShard = (rowLength: number) => rowsPerShard({ rowLength });
  expect(perShard(2 * 16 * 16 * 4)).toBe(512);
  expect(perShard(256 * 768)).toBe(8);
  expect(perShard(1024 * 1536)).toBe(2);
  expect(perShard(8 * 2 ** 20)).toBe(1);
});

test("a shard with a wrong checksum or length is never believed", async () => {
  const db = await database();
  await fill(db, 3);
  const [range] = shardRanges(spec, 3);
  const record = await db.get("shards", [spec.cacheKey, 0]);
  if (!range || !record) throw new Error("the shard was not written");
  const flipped = record.bytes.slice(0);
  new Uint8Array(flipped)[12345] = 99;
  await db.put("shards", { ...record, bytes: flipped });
  expect(await readShard(db, spec, range)).toBe("damaged");
  await db.put("shards", { ...record, bytes: record.bytes.slice(0, 100) });
  expect(await readShard(db, spec, range)).toBe("damaged");
  await db.put("shards", record);
  expect(same(await readShard(db, spec, range), rowsOf(0, 3))).toBe(true);
});

test("where there is no room, what would free the most is named first", async () => {
  const db = await database();
  await fill(db, 3);
  const other = { ...spec, cacheKey: "latents/small", label: "Small" };
  await writeShard(db, other, 0, rowsOf(0, 1), 1);
  const asked = assertRoomFor(1e15, "This", () => deletable(db));
  await expect(asked).rejects.toMatchObject({
    code: "QUOTA_EXCEEDED",
    message: expect.stringMatching(
      /^This needs 953674317 MiB; \d+ MiB of \d+ MiB are free/,
    ) as string,
    hint: "Delete something under Storage: Latents (test) (frees 2 MiB), Small (frees 1 MiB).",
  });
  await assertRoomFor(1, "This", () => deletable(db));
});

test("deleting a cache leaves others alone", async () => {
  const db = await database();
  await fill(db, 3);
  const other = { ...spec, cacheKey: "latents/test2" };
  await writeShard(db, other, 0, rowsOf(0, 1), 1);
  await deleteCache(db, spec.cacheKey);
  expect((await listCaches(db)).map(({ cacheKey }) => cacheKey)).toEqual(["latents/test2"]);
  expect(await db.count("shards")).toBe(1);
});

const run = (id: string) => ({
  id,
  name: "Test",
  experiment: Experiment.parse({}),
  timeline: [],
  createdAtMs: 1,
  updatedAtMs: 1,
  phase: "training" as const,
  step: 0,
  device: null,
  datasetHash: "0".repeat(64),
  codeVersion: "0",
});
const point = (step: number, velocityLoss = step) => ({
  step,
  velocityLoss,
  projLoss: 0,
  gradNorm: 1,
  stepMs: 1,
});
const alignment = (step: number, encoder: string): LayerAlignment => ({
  kind: "layerAlignment",
  step,
  encoder,
  imageCount: 16,
  k: 4,
  time: 0.5,
  cknna: [0.1],
  cka: [0.1],
  mutualKnn: [0.1],
  chance: 0,
});

test("a run's log comes back in order, steps logged twice after a cut only once", async () => {
  const db = await database();
  await putRun(db, run("a"));
  await appendSteps(db, "a", [point(1), point(2), point(3)]);
  await appendSteps(db, "a", [point(3), point(4)]);
  await appendMeasurement(db, "a", alignment(2, "tiny-vit"));
  await appendMeasurement(db, "a", alignment(2, "patch-histogram"));
  await appendMeasurement(db, "a", alignment(2, "tiny-vit"));
  await putGrid(db, "a", {
    step: 2,
    png: new ArrayBuffer(3),
    count: 1,
    columns: 1,
    tile: 1,
    labels: [0],
  });
  await updateRun(db, "a", { step: 4, phase: "stopped" });
  const stored = await readRun(db, "a");
  expect(pointsOf(stored?.steps ?? []).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  expect(stored?.measurements).toHaveLength(2);
  expect(stored?.grids).toHaveLength(1);
  expect(stored?.record).toMatchObject({ step: 4, phase: "stopped" });
});

test("a run stored before a setting existed is read with the setting's default", async () => {
  const db = await database();
  const written = run("old");
  const { microBatch, recompute, mixedPrecision, ...optimizer } = written.experiment.optimizer;
  expect([microBatch, recompute, mixedPrecision]).toEqual([null, false, false]);
  const older = { ...written.experiment, optimizer } as unknown as Experiment;
  await putRun(db, { ...written, experiment: older });
  expect((await getRun(db, "old"))?.experiment).toEqual(written.experiment);
  expect((await listRuns(db)).map((record) => record.experiment)).toEqual([written.experiment]);
});

test("a second look at a log reads what is new, of this run alone", async () => {
  const db = await database();
  const look = async (after: number) => {
    const { points, lastKey } = await readLogSince(db, "a", after);
    return { steps: points.map(({ step }) => step), lastKey };
  };
  expect(await look(0)).toEqual({ steps: [], lastKey: 0 });
  await appendSteps(db, "a", [point(1), point(2)]);
  await appendSteps(db, "b", [point(1)]);
  await appendSteps(db, "a", [point(3)]);
  const first = await look(0);
  expect(first.steps).toEqual([1, 2, 3]);
  expect(await look(first.lastKey)).toEqual({ steps: [], lastKey: first.lastKey });
  await appendSteps(db, "b", [point(2)]);
  await appendSteps(db, "a", [point(4)]);
  expect((await look(first.lastKey)).steps).toEqual([4]);
});

test("deleting a run deletes all of it and nothing else", async () => {
  const db = await database();
  for (const id of ["a", "b"]) {
    await putRun(db, run(id));
    await appendSteps(db, id, [point(1)]);
    await putCheckpoint(db, id, 1, new ArrayBuffer(8), { nowMs: 1 });
  }
  await deleteRun(db, "a");
  expect(await readRun(db, "a")).toBeUndefined();
  expect(pointsOf((await readRun(db, "b"))?.steps ?? [])).toHaveLength(1);
  for (const store of ["log", "series", "checkpoints", "stateParts"] as const) {
    expect(await db.count(store), store).toBe(1);
  }
});

test("the newest three checkpoints stay, and a damaged one is passed over and named", async () => {
  const db = await database();
  for (const step of [10, 20, 30, 40]) {
    await putCheckpoint(db, "a", step, Float32Array.of(step).buffer, { nowMs: 1 });
  }
  expect(await db.count("checkpoints")).toBe(3);
  expect((await latestCheckpoint(db, "a"))?.record.step).toBe(40);
  await db.put("stateParts", { runId: "a", step: 40, part: 0, bytes: Float32Array.of(41).buffer });
  const found = await latestCheckpoint(db, "a");
  expect(found).toMatchObject({ record: { step: 30 }, damagedSteps: [40] });
  expect(await latestCheckpoint(db, "b")).toBeUndefined();
});

test("a database that is newer than the page has a message of its own", async () => {
  const name = `test-${crypto.randomUUID()}`;
  const newer = await openDB(name, 99); // of a version this code does not know: the browser refuses
  newer.close();
  await expect(openStudioDb(name)).rejects.toMatchObject({ code: "STORAGE_OUTDATED" });
  indexedDB.deleteDatabase(name);
});
