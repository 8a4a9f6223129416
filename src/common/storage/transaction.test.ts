import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { listCaches, writeShard } from "./caches";
import { openStudioDb } from "./openDb";
import { inTransaction } from "./transaction";

/** A transaction that is asked for its store the n-th time has ended by then, as when the disk refused what was before. */
function endBefore(call: number): void {
  const { prototype } = IDBTransaction;
  const ask = Object.getOwnPropertyDescriptor(prototype, "objectStore")?.value as (
    this: IDBTransaction,
    name: string,
  ) => IDBObjectStore;
  let calls = 0;
  prototype.objectStore = function (this: IDBTransaction, name) {
    calls++;
    if (calls === call) {
      prototype.objectStore = ask;
      this.abort();
    }
    return ask.call(this, name);
  };
}

const SPEC = { cacheKey: "a", label: "A", rowLength: 2 };

test("a shard that the disk refuses is a failed write, not a closed database, and what was there stays", async () => {
  const db = await openStudioDb("refused-shard");
  await writeShard(db, SPEC, 0, Uint16Array.of(1, 2), 1);
  endBefore(3); // two reads come first
  const refused = writeShard(db, SPEC, 0, Uint16Array.of(3, 4, 5, 6), 1);
  await expect(refused).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  expect(await listCaches(db)).toMatchObject([{ rows: 1 }]);
  db.close();
});

test("a closed database is said to be closed", async () => {
  const db = await openStudioDb("closed");
  db.close();
  const late = writeShard(db, SPEC, 0, Uint16Array.of(1, 2), 1);
  await expect(late).rejects.toMatchObject({ code: "STORAGE_CLOSED" });
});

test("a transaction ends with what failed first, and nothing of it is stored", async () => {
  const db = await openStudioDb("ended");
  const tx = db.transaction("settings", "readwrite");
  const work = inTransaction(tx, async () => {
    await tx.store.put({ key: "a", value: 1 });
    throw new RangeError("no");
  });
  await expect(work).rejects.toThrow("no");
  expect(await db.getAll("settings")).toEqual([]);
  db.close();
});
