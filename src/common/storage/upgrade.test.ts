import { openDB } from "idb";
import { beforeEach, expect, test } from "vitest";
import { makeVersion4, putVersion4 } from "../../../test/databaseVersion4";
import { expectVersion4 } from "../../../test/expectVersion4";
import { installFakeIndexedDb } from "../../../test/fakeDatabase";
import { Experiment } from "../config/experiment";
import type { StudioDb } from "./db";
import { latestCheckpoint } from "./checkpoints";
import { openStudioDb } from "./openDb";
import { appendSteps, listRuns, putRun, readLogSince, readRun, readSeries } from "./runs";
import { pointsOf, unpackSteps } from "./stepRows";
import { makeStores } from "./upgrade";

beforeEach(installFakeIndexedDb);

const EXPERIMENT = Experiment.parse({});

const run = (id: string, createdAtMs: number) => ({
  ...{ id, name: id, experiment: EXPERIMENT, timeline: [], createdAtMs, updatedAtMs: 0 },
  ...{ phase: "stopped" as const, step: 0, device: null, datasetHash: "", codeVersion: "" },
});

test("50 runs of version 4 open after the upgrade, bit for bit", async () => {
  const made = { runs: 50, stepsPerRun: 120, checkpointBytes: 2000 };
  await makeVersion4("old", EXPERIMENT, made);
  const db = await openStudioDb("old");
  await expectVersion4(db, made);
  db.close();
});

test("damaged records do not keep a database of version 4 from opening", async () => {
  await makeVersion4("old", EXPERIMENT, { runs: 1, stepsPerRun: 3, checkpointBytes: 10 });
  await putVersion4("old", "checkpoints", [{ runId: "run-0", step: 9, bytes: "no bytes" }]);
  await putVersion4("old", "runs", [{ id: "damaged", createdAtMs: "never" }]);
  await putVersion4("old", "log", [
    { runId: "run-0", kind: "steps", points: "none" },
    { runId: "run-0", kind: "steps", points: [null, { step: "one" }] },
    { kind: "noise" },
  ]);
  const db = await openStudioDb("old");
  expect((await listRuns(db)).map(({ id }) => id)).toContain("run-0");
  expect((await readSeries(db, "run-0")).points).toHaveLength(3);
  expect((await latestCheckpoint(db, "run-0"))?.record.step).toBe(3);
  db.close();
});

test("logs of version 5 become rows of numbers, in order, with every spike in the series", async () => {
  const points = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, i) => ({
      ...{ step: first + i, velocityLoss: first + i === 777 ? NaN : 1, projLoss: 0, gradNorm: 2 },
      stepMs: 1,
    }));
  const old = await openDB<StudioDb>("five", 5, {
    upgrade: (db, from, _to, tx) => makeStores(db, from, tx),
  });
  const put = (runId: string, row: object) =>
    old.add("log", { runId, kind: "steps", ...row } as never);
  for (let first = 1; first <= 3000; first += 50) {
    await put("a", { points: points(first, first + 49) });
    if (first === 501)
      await put("b", { points: points(1, 3).map((one) => ({ ...one, extra: 4 })) });
  }
  await put("a", { points: points(2990, 3010) }); // resumed
  await put("a", { points: [{ step: 1, velocityLoss: "low" }] });
  old.close();

  const shares: number[] = [];
  const db = await openStudioDb("five", { onUpgrade: (share) => shares.push(share) });
  await putRun(db, run("a", 1));
  const stored = await readRun(db, "a");
  expect(pointsOf(stored?.steps ?? [])).toEqual(points(1, 3010));
  expect(stored?.unreadable).toHaveLength(1);
  expect(await db.count("log"), "60 rows of one run in one").toBe(3);
  expect((await readLogSince(db, "b", 0)).points[0]).toMatchObject({ step: 1, extra: 4 });
  const { stride, extremes } = await readSeries(db, "a");
  const holes = extremes && unpackSteps(extremes).filter((one) => Number.isNaN(one.velocityLoss));
  expect(holes?.map(({ step }) => step)).toEqual([777 - (777 % stride)]);
  expect(shares[0]).toBe(0);
  db.close();
});

test("a clock that is set back does not put a new run behind an older one", async () => {
  const db = await openStudioDb("clock");
  await putRun(db, run("first", 5000));
  await putRun(db, run("second", 1000));
  expect((await listRuns(db)).map(({ id }) => id)).toEqual(["second", "first"]);
  await putRun(db, run("first", 5000)); // it is continued
  expect((await listRuns(db)).map(({ id }) => id)).toEqual(["first", "second"]);
  db.close();
});

test("a run that is resumed logs steps twice: its series has each once", async () => {
  const db = await openStudioDb("series");
  const points = (first: number, last: number, velocityLoss: number) =>
    Array.from({ length: last - first + 1 }, (_, i) => ({
      ...{ step: first + i, velocityLoss, projLoss: 0, gradNorm: 1, stepMs: 1 },
    }));
  await appendSteps(db, "a", points(1, 50, 1));
  await appendSteps(db, "a", points(41, 60, 2));
  const series = await readSeries(db, "a");
  expect(series.points.map(({ step }) => step)).toEqual(points(1, 60, 0).map(({ step }) => step));
  expect(series.points[40]).toMatchObject({ step: 41, velocityLoss: 2 });
  db.close();
});
