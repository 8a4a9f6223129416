import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunEvent, StepPoint } from "../../common/protocol/trainer";
import { openStudioDb, type Database } from "../../common/storage/db";
import { readRun } from "../../common/storage/runs";
import { createRunJournal } from "./runJournal";

/** Real IndexedDB; a write fails because its transaction is aborted, as a full disk does it. */
const name = `test-${crypto.randomUUID()}`;
let db: Database;
beforeEach(async () => void (db = await openStudioDb(name)));
afterEach(() => {
  db.close();
  indexedDB.deleteDatabase(name);
});

const point = (step: number) => ({ step, stepMs: 1, velocityLoss: 1 / step }) as StepPoint;

/** The database with its next `count` additions to the log refused. */
function refusing(count: number): Database {
  let left = count;
  return new Proxy(db, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      if (key !== "add") return value.bind(target) as unknown;
      return (...args: unknown[]) => {
        if (left-- > 0) return Promise.reject(new DOMException("full", "QuotaExceededError"));
        return (value as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

async function storedSteps(): Promise<number[]> {
  await db.put("runs", { id: "a", experiment: {}, createdAtMs: 0 } as never);
  return (await readRun(db, "a"))?.points.map(({ step }) => step) ?? [];
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
