import { afterEach, beforeEach, expect, test } from "vitest";
import { Experiment } from "../../common/config/experiment";
import type { RunEvent, StepPoint } from "../../common/protocol/trainer";
import type { Database } from "../../common/storage/db";
import { openStudioDb } from "../../common/storage/openDb";
import { putRun, readRun } from "../../common/storage/runs";
import { pointsOf } from "../../common/storage/stepRows";
import { createRunJournal } from "./runJournal";

/** Real IndexedDB; a write fails because its transaction is aborted, as a full disk does it. */
const name = `test-${crypto.randomUUID()}`;
let db: Database;
beforeEach(async () => void (db = await openStudioDb(name)));
afterEach(() => {
  db.close();
  indexedDB.deleteDatabase(name);
});

const point = (step: number): StepPoint => ({
  ...{ step, stepMs: 1, velocityLoss: 1 / step, projLoss: 0, gradNorm: 1 },
});

/** The database with its next `count` transactions on the log refused. */
function refusing(count: number): Database {
  let left = count;
  return new Proxy(db, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      if (key !== "transaction") return value.bind(target) as unknown;
      return (...args: unknown[]) => {
        if (left-- > 0) throw new DOMException("full", "QuotaExceededError");
        return (value as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

async function storedSteps(): Promise<number[]> {
  await putRun(db, {
    ...{ id: "a", name: "Test", experiment: Experiment.parse({}), timeline: [], createdAtMs: 0 },
    ...{ updatedAtMs: 0, phase: "training", step: 0, device: null, datasetHash: "" },
    codeVersion: "",
  });
  return pointsOf((await readRun(db, "a"))?.steps ?? []).map(({ step }) => step);
}

test("a write that fails is told, kept, and done before anything newer", async () => {
  const told: RunEvent[] = [];
  const journal = createRunJournal(
    refusing(1),
    "a",
    (event) => told.push(event),
    () => 0,
  );
  for (let step = 1; step <= 120; step++) journal.emit({ type: "steps", points: [point(step)] });
  await journal.flush();
  expect(told.filter(({ type }) => type === "warning")).toHaveLength(1);
  expect(await storedSteps()).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
});

test("while storage refuses, flush throws: no checkpoint may be stored over the hole", async () => {
  const journal = createRunJournal(
    refusing(4),
    "a",
    () => undefined,
    () => 0,
  );
  journal.emit({ type: "steps", points: [point(1)] });
  await expect(journal.flush()).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
  journal.emit({ type: "steps", points: [point(2)] });
  await expect(journal.flush()).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
  for (let tries = 0; tries < 3; tries++) await journal.flush().catch(() => undefined);
  await journal.flush();
  expect(await storedSteps()).toEqual([1, 2]);
});
