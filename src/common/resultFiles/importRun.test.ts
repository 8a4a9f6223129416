import "fake-indexeddb/auto";
import { afterEach, expect, test } from "vitest";
import {
  exampleFacts,
  exampleGrids,
  exampleMeasurements,
  examplePoints,
  exampleRun,
  resultsBytes,
  withManifest,
} from "../../../test/exampleResults";
import { StudioError } from "../errors/studioError";
import { byteSourceOf } from "../formats/byteSource";
import { latestCheckpoint } from "../storage/checkpoints";
import type { Database } from "../storage/db";
import { openStudioDb } from "../storage/openDb";
import {
  appendSteps,
  getRun,
  hideRun,
  listRuns,
  purgeRun,
  readRun,
  readSeries,
} from "../storage/runs";
import { pointsOf } from "../storage/stepRows";
import { importRun, placeOf } from "./importRun";
import { openResults } from "./openResults";
import { contentDigest, type RunResults } from "./runResults";
import { storedResults } from "./storedResults";

let opened: Database[] = [];
afterEach(() => {
  opened.forEach((db) => db.close());
  opened = [];
});
async function database(name: string): Promise<Database> {
  const db = await openStudioDb(name);
  opened.push(db);
  return db;
}

const LOOK = { color: 4, shown: true };
async function importBytes(db: Database, bytes: Uint8Array, moved = new Map<string, string>()) {
  const { runs } = await openResults(byteSourceOf("a.zip", bytes));
  const [run] = runs;
  if (!run) throw new Error("the file holds no run");
  const how = { file: "a.zip", nowMs: 5000, look: () => LOOK, moved };
  return importRun(db, run, await placeOf(db, run), how);
}
const importOne = async (db: Database, run: RunResults, checkpoints = false) =>
  importBytes(db, await resultsBytes([run], { checkpoints }));

test("a run of a file is stored as one that was trained here, and says where it is from", async () => {
  const db = await database("stored");
  const told = await importOne(db, exampleRun(), true);
  expect(told).toEqual({ id: "run-1", name: "A run", outcome: "new", checkpoints: 1, notes: [] });
  const stored = await readRun(db, "run-1");
  expect(stored?.record).toEqual({
    ...exampleFacts,
    ...{ look: LOOK, order: 0, imported: { file: "a.zip", atMs: 5000 } },
  });
  expect(pointsOf(stored?.steps ?? [])).toEqual(examplePoints);
  expect(stored?.measurements).toEqual(exampleMeasurements);
  expect(stored?.grids).toEqual(exampleGrids.map((grid) => ({ ...grid, runId: "run-1" })));
  expect((await readSeries(db, "run-1")).points).toEqual(examplePoints);
  expect((await latestCheckpoint(db, "run-1"))?.record.step).toBe(3);
});

test("a stored run and its file are the same to the bit, however often it goes around", async () => {
  const [first, second] = [await database("around-1"), await database("around-2")];
  await importOne(first, exampleRun());
  const stored = await storedResults(first, "run-1");
  if (!stored) throw new Error("nothing is stored");
  await importOne(second, stored);
  const again = await storedResults(second, "run-1");
  expect(again && (await contentDigest(again))).toBe(await contentDigest(exampleRun()));
});

test("the same file twice makes no second run; its checkpoint is added where there was none", async () => {
  const db = await database("twice");
  await importOne(db, exampleRun());
  expect(await importOne(db, exampleRun({ facts: { name: "Renamed elsewhere" } }))).toMatchObject({
    ...{ id: "run-1", name: "A run", outcome: "here", checkpoints: 0 },
  });
  expect(await importOne(db, exampleRun(), true)).toMatchObject({
    outcome: "here",
    checkpoints: 1,
  });
  expect(await importOne(db, exampleRun(), true)).toMatchObject({
    outcome: "here",
    checkpoints: 0,
  });
  expect(await listRuns(db)).toHaveLength(1);
});

test("another run of the same id is stored beside, once", async () => {
  const db = await database("beside");
  await importOne(db, exampleRun());
  const other = exampleRun({ points: examplePoints.slice(0, 2), facts: { name: "Shorter" } });
  const told = await importOne(db, other);
  expect(told).toMatchObject({ outcome: "beside", name: "Shorter" });
  expect(told.id).toMatch(/^run-1-[0-9a-f]{12}$/);
  expect(await importOne(db, other)).toMatchObject({ id: told.id, outcome: "here" });
  expect((await listRuns(db)).map(({ name }) => name)).toEqual(["Shorter", "A run"]);
  expect(pointsOf((await readRun(db, "run-1"))?.steps ?? [])).toHaveLength(3);
});

test("a run that went on since its file was saved keeps what it has", async () => {
  const db = await database("went-on");
  await importOne(db, exampleRun());
  await appendSteps(db, "run-1", [
    { step: 4, stepMs: 1, velocityLoss: 1, projLoss: 1, gradNorm: 1 },
  ]);
  expect(await importOne(db, exampleRun())).toMatchObject({ outcome: "beside" });
  expect(pointsOf((await readRun(db, "run-1"))?.steps ?? [])).toHaveLength(4);
});

test("a run that was deleted is brought back, and is not deleted by what was to delete it", async () => {
  const db = await database("deleted");
  await importOne(db, exampleRun());
  await hideRun(db, "run-1", 6000);
  expect(await listRuns(db)).toEqual([]);
  expect(await importOne(db, exampleRun())).toMatchObject({ outcome: "here" });
  await purgeRun(db, "run-1");
  expect((await getRun(db, "run-1"))?.deletedAtMs).toBeUndefined();
  await hideRun(db, "run-1", 7000);
  await purgeRun(db, "run-1");
  expect(await getRun(db, "run-1")).toBeUndefined();
});

test("of a damaged run nothing is stored", async () => {
  const db = await database("damaged");
  const bytes = await withManifest((manifest) => ({
    ...manifest,
    runs: manifest.runs.map((run) => ({
      ...run,
      grids: run.grids.map((grid) => ({ ...grid, count: 99 })),
    })),
  }));
  await expect(importBytes(db, bytes)).rejects.toThrow(StudioError);
  expect(await db.count("runs")).toBe(0);
  expect(await db.count("log")).toBe(0);
});

test("with settings that are not all known the figures come, and the checkpoint does not", async () => {
  const db = await database("issues");
  const bytes = await withManifest((manifest) => ({
    ...manifest,
    runs: manifest.runs.map((run) => ({
      ...run,
      settings: { v: 1, experiment: { model: { rotary: true } } },
    })),
  }));
  const told = await importBytes(db, bytes);
  expect(told).toMatchObject({ outcome: "new", checkpoints: 0 });
  expect(told.notes).toEqual([
    "model.rotary: This version knows no such setting; it is left out.",
    "its settings cannot all be read, so its checkpoint is left out",
  ]);
  expect(pointsOf((await readRun(db, "run-1"))?.steps ?? [])).toHaveLength(3);
});

test("a fork is stored as one of its parent, also where that one is stored beside another run of its id", async () => {
  const db = await database("forks");
  const parent = { runId: "run-1", step: 2, change: [], repeatable: true };
  const bytes = await resultsBytes([exampleRun({ facts: { id: "fork", parent } })], {
    checkpoints: false,
  });
  await importBytes(db, bytes, new Map([["run-1", "run-1-beside"]]));
  expect((await getRun(db, "fork"))?.parent).toMatchObject({ runId: "run-1-beside", step: 2 });
  const elsewhere = await database("forks elsewhere");
  await importBytes(elsewhere, bytes, new Map([["other", "other-beside"]]));
  expect((await getRun(elsewhere, "fork"))?.parent).toMatchObject({ runId: "run-1", step: 2 });
});
