import { openDB } from "idb";
import { expect, test } from "vitest";
import { openStudioDb } from "./openDb";
import { getSetting, putSetting } from "./settings";

test("a setting is read back as it was put, the last one counts, others are undefined", async () => {
  const db = await openStudioDb(`test-${crypto.randomUUID()}`);
  expect(await getSetting(db, "tuning/a")).toBeUndefined();
  await putSetting(db, "tuning/a", { kind: "shared" });
  await putSetting(db, "tuning/a", "shared 4 4");
  expect(await getSetting(db, "tuning/a")).toBe("shared 4 4");
  expect(await getSetting(db, "tuning/b")).toBeUndefined();
  db.close();
  indexedDB.deleteDatabase(db.name);
});

test("a database of version 1 gains the settings and keeps what it holds", async () => {
  const name = `test-${crypto.randomUUID()}`;
  const old = await openDB(name, 1, {
    upgrade: (db) => {
      db.createObjectStore("caches", { keyPath: "cacheKey" });
      db.createObjectStore("shards", { keyPath: ["cacheKey", "shard"] });
      db.createObjectStore("runs", { keyPath: "id" }).createIndex("byCreatedAt", "createdAtMs");
      const log = db.createObjectStore("log", { keyPath: "id", autoIncrement: true });
      log.createIndex("byRun", "runId");
      db.createObjectStore("grids", { keyPath: ["runId", "step"] });
      db.createObjectStore("checkpoints", { keyPath: ["runId", "step"] });
    },
  });
  await old.put("caches", { cacheKey: "latents/test", rows: 3 });
  old.close();
  const db = await openStudioDb(name);
  expect(await db.get("caches", "latents/test")).toMatchObject({ rows: 3 });
  await putSetting(db, "a", 1);
  expect(await getSetting(db, "a")).toBe(1);
  db.close();
  indexedDB.deleteDatabase(name);
});
