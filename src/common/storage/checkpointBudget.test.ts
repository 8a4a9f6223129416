import { afterEach, beforeEach, expect, test } from "vitest";
import { installFakeIndexedDb } from "../../../test/fakeDatabase";
import {
  beyondBudget,
  hasRoomForForkPoint,
  pinCheckpoint,
  putBudget,
  readBudget,
} from "./checkpointBudget";
import { checkpointHeads, putCheckpoint } from "./checkpoints";
import type { CheckpointHead, Database } from "./db";
import { openStudioDb } from "./openDb";
import { putSetting } from "./settings";

const head = (runId: string, step: number, more: Partial<CheckpointHead> = {}): CheckpointHead => ({
  ...{ runId, step, bytes: 10, createdAtMs: step, pinned: false, parts: [], forkPoint: true },
  ...more,
});
const namesOf = (heads: readonly CheckpointHead[]) =>
  heads.map(({ runId, step }) => `${runId}${step}`).join(" ");

test("the oldest fork points of all runs make way; pinned ones and the newest of a run never do", () => {
  const heads = [
    ...[head("a", 3), head("a", 9), head("a", 12, { forkPoint: false })],
    ...[head("b", 1, { pinned: true }), head("b", 5), head("b", 20)],
  ];
  expect(namesOf(beyondBudget(heads, 50))).toBe("");
  expect(namesOf(beyondBudget(heads, 40))).toBe("a3");
  expect(namesOf(beyondBudget(heads, 39))).toBe("a3 b5");
  expect(namesOf(beyondBudget(heads, 0))).toBe("a3 b5 a9");
});

let db: Database;
beforeEach(async () => {
  installFakeIndexedDb();
  db = await openStudioDb();
});
afterEach(() => db.close());

const put = (step: number, more: { interim?: boolean; forkPoint?: boolean } = {}) =>
  putCheckpoint(db, "a", step, new ArrayBuffer(100), { nowMs: step, ...more });
const steps = async () => (await checkpointHeads(db, "a")).map(({ step }) => step);

test("a smaller budget lets fork points go; one that is among the newest by steps stays as such", async () => {
  await put(5, { interim: true, forkPoint: true });
  await put(10);
  await put(10, { forkPoint: true });
  for (const step of [20, 30]) await put(step);
  await putBudget(db, 200);
  expect(await steps()).toEqual([5, 10, 20, 30]);
  await putBudget(db, 100);
  expect(await steps()).toEqual([10, 20, 30]);
  await putBudget(db, 0);
  expect(await steps()).toEqual([10, 20, 30]);
  expect((await checkpointHeads(db, "a")).some(({ forkPoint }) => forkPoint)).toBe(false);
});

test("a pinned checkpoint stays whatever is stored after it, and one that is pinned no more goes", async () => {
  await put(10);
  await pinCheckpoint(db, "a", 10, true);
  for (const step of [20, 30, 40, 50]) await put(step);
  expect(await steps()).toEqual([10, 30, 40, 50]);
  await put(10); // stored anew at the same step: still pinned
  expect(await hasRoomForForkPoint(db, 499e6)).toBe(true);
  await putBudget(db, 150);
  expect([await hasRoomForForkPoint(db, 50), await hasRoomForForkPoint(db, 51)]).toEqual([
    true,
    false,
  ]);
  await pinCheckpoint(db, "a", 10, false);
  expect(await steps()).toEqual([30, 40, 50]);
});

test("what is no budget is read as the default", async () => {
  const standard = await readBudget(db);
  await putSetting(db, "checkpointBudget", "much");
  expect(await readBudget(db)).toBe(standard);
  await putBudget(db, 7e6);
  expect(await readBudget(db)).toBe(7e6);
});
