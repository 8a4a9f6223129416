import { beforeEach, expect, test } from "vitest";
import { makeVersion4, putVersion4 } from "../../../test/databaseVersion4";
import { expectVersion4 } from "../../../test/expectVersion4";
import { installFakeIndexedDb } from "../../../test/fakeDatabase";
import { Experiment } from "../config/experiment";
import { latestCheckpoint } from "./checkpoints";
import { openStudioDb } from "./openDb";
import { appendSteps, listRuns, putRun, readSeries } from "./runs";

beforeEach(installFakeIndexedDb);

const EXPERIMENT = Experiment.parse({});

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

test("a clock that is set back does not put a new run behind an older one", async () => {
  const db = await openStudioDb("clock");
  const run = (id: string, createdAtMs: number) => ({
    ...{ id, name: id, experiment: EXPERIMENT, timeline: [], createdAtMs, updatedAtMs: 0 },
    ...{ phase: "stopped" as const, step: 0, device: null, datasetHash: "", codeVersion: "" },
  });
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
