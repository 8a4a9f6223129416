import { expect, test } from "vitest";
import { makeVersion4 } from "../../../test/databaseVersion4";
import { expectVersion4 } from "../../../test/expectVersion4";
import { Experiment } from "../config/experiment";
import { latestCheckpoint, putCheckpoint, readCheckpointOf } from "./checkpoints";
import { openStudioDb } from "./openDb";

test("50 runs of version 4 open after the upgrade in this browser, bit for bit", async () => {
  const name = `test-${crypto.randomUUID()}`;
  const made = { runs: 50, stepsPerRun: 1000, checkpointBytes: 2 ** 17 };
  await makeVersion4(name, Experiment.parse({}), made);
  const startMs = performance.now();
  const db = await openStudioDb(name);
  console.log(`upgrade: ${Math.round(performance.now() - startMs)} ms`);
  await expectVersion4(db, made);
  db.close();
  indexedDB.deleteDatabase(name);
});

test("a checkpoint of several parts comes back whole; one damaged part is noticed", async () => {
  const name = `test-${crypto.randomUUID()}`;
  const db = await openStudioDb(name);
  const bytes = Uint8Array.from({ length: 1000 }, (_, at) => at & 0xff).buffer;
  await putCheckpoint(db, "a", 1, bytes, { nowMs: 1, partBytes: 300 });
  await putCheckpoint(db, "a", 2, bytes, { nowMs: 1, partBytes: 300 });
  expect(await db.count("stateParts")).toBe(8);
  expect(new Uint8Array((await readCheckpointOf(db, "a", 2)).bytes)).toEqual(new Uint8Array(bytes));

  await putCheckpoint(db, "a", 2, bytes.slice(0, 200), { nowMs: 1, partBytes: 300 }); // stored anew, shorter
  expect(await db.count("stateParts")).toBe(5);
  expect((await readCheckpointOf(db, "a", 2)).bytes.byteLength).toBe(200);

  await putCheckpoint(db, "a", 3, bytes, { nowMs: 1, partBytes: 300 });
  await db.delete("stateParts", ["a", 3, 2]);
  expect(await latestCheckpoint(db, "a")).toMatchObject({ record: { step: 2 }, damagedSteps: [3] });
  db.close();
  indexedDB.deleteDatabase(name);
});

test("a part that cannot be written leaves the checkpoint before it as it was", async () => {
  const name = `test-${crypto.randomUUID()}`;
  const db = await openStudioDb(name);
  const bytes = new ArrayBuffer(900);
  await putCheckpoint(db, "a", 1, bytes, { nowMs: 1, partBytes: 300 });
  const original = Reflect.get(IDBObjectStore.prototype, "put") as (
    value: unknown,
  ) => IDBRequest<IDBValidKey>;
  IDBObjectStore.prototype.put = function (this: IDBObjectStore, value: unknown) {
    if ((value as { part?: number }).part === 2) this.transaction.abort(); // as when the disk is full
    return original.call(this, value);
  };
  await expect(
    putCheckpoint(db, "a", 2, bytes, { nowMs: 1, partBytes: 300 }),
  ).rejects.toMatchObject({
    code: "STORAGE_FAILED",
  });
  IDBObjectStore.prototype.put = original;
  expect([await db.count("checkpoints"), await db.count("stateParts")]).toEqual([1, 3]);
  db.close();
  indexedDB.deleteDatabase(name);
});
