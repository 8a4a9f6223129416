import { afterEach, beforeEach, expect, test } from "vitest";
import { Experiment } from "../config/experiment";
import { putCheckpoint } from "./checkpoints";
import type { Database, RunRecord } from "./db";
import { checkpointName, hold, holding, runName } from "./locks";
import { openStudioDb } from "./openDb";
import { hideRun, listRuns, purgeRuns, putRun, storedSteps } from "./runs";

let db: Database;
beforeEach(async () => void (db = await openStudioDb(`test-${crypto.randomUUID()}`)));
afterEach(() => {
  db.close();
  indexedDB.deleteDatabase(db.name);
});

const RUN: RunRecord = {
  ...{ id: "a", name: "a", experiment: Experiment.parse({}), timeline: [], createdAtMs: 1 },
  ...{ updatedAtMs: 1, phase: "training", step: 0, device: null, datasetHash: "" },
  codeVersion: "",
};
const store = (step: number) => putCheckpoint(db, "a", step, new ArrayBuffer(8), { nowMs: 1 });

test("a checkpoint that is read stays while its run goes on, and goes with a later one", async () => {
  await store(1);
  await holding([checkpointName(db, "a", 1)], async () => {
    for (const step of [2, 3, 4, 5]) await store(step);
    expect(await storedSteps(db, "checkpoints", "a")).toEqual([1, 3, 4, 5]);
  });
  await store(6);
  expect(await storedSteps(db, "checkpoints", "a")).toEqual([4, 5, 6]);
  expect(await db.count("stateParts")).toBe(3);
});

test("a worker that dies lets go of what it read", async () => {
  await store(1);
  const source = `navigator.locks.request(${JSON.stringify(checkpointName(db, "a", 1))},
    { mode: "shared" }, () => { postMessage("held"); return new Promise(() => {}); });`;
  const worker = new Worker(URL.createObjectURL(new Blob([source])));
  await new Promise((resolve) => (worker.onmessage = resolve));
  for (const step of [2, 3, 4]) await store(step);
  expect(await storedSteps(db, "checkpoints", "a")).toContain(1);
  worker.terminate();
  await expect
    .poll(async () => {
      await store(5);
      return storedSteps(db, "checkpoints", "a");
    })
    .toEqual([3, 4, 5]);
});

test("a run that trains elsewhere is neither deleted nor purged", async () => {
  await putRun(db, RUN);
  const release = await hold(runName(db, "a"));
  await expect(hideRun(db, "a", 1)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  expect(await listRuns(db)).toHaveLength(1);
  release(); // the browser hears of it a little later
  const hidden = () =>
    hideRun(db, "a", 1).then(
      () => true,
      () => false,
    );
  await expect.poll(hidden).toBe(true);
  const again = await hold(runName(db, "a"));
  await purgeRuns(db, 1e9);
  expect(await db.count("runs")).toBe(1);
  again();
});

test("a deleted run stays on the disk while an analysis reads one of its checkpoints", async () => {
  await putRun(db, RUN);
  await store(1);
  await hideRun(db, "a", 1);
  await holding([checkpointName(db, "a", 1)], () => purgeRuns(db, 1e9));
  expect(await storedSteps(db, "checkpoints", "a")).toEqual([1]);
  await purgeRuns(db, 1e9);
  expect(await db.count("runs")).toBe(0);
});
