import { openDB } from "idb";
import { beforeEach, expect, test } from "vitest";
import { makeVersion4 } from "../../../test/databaseVersion4";
import { installFakeIndexedDb } from "../../../test/fakeDatabase";
import { Experiment } from "../config/experiment";
import type { Failure } from "../errors/studioError";
import { DB_VERSION } from "./db";
import { openStudioDb } from "./openDb";
import { putRun } from "./runs";

beforeEach(installFakeIndexedDb);

const RUN = {
  ...{ id: "a", name: "a", experiment: Experiment.parse({}), timeline: [], createdAtMs: 1 },
  ...{ updatedAtMs: 1, phase: "stopped" as const, step: 0, device: null },
  ...{ datasetHash: "", codeVersion: "" },
};

test("an older tab that keeps the database open is named, not waited for without a word", async () => {
  await makeVersion4("studio", {}, { runs: 0, stepsPerRun: 0, checkpointBytes: 0 });
  const older = await openDB("studio", 4); // it does not close when it is asked to
  await expect(openStudioDb("studio", { blockedMs: 50 })).rejects.toMatchObject({
    code: "STORAGE_BLOCKED",
    hint: expect.stringContaining("Close the other tabs") as string,
  });
  // one that waits behind it hears nothing from the browser
  await expect(openStudioDb("studio", { silentMs: 50 })).rejects.toMatchObject({
    code: "STORAGE_BLOCKED",
  });
  older.close();
  const db = await openStudioDb("studio", { silentMs: 2000 });
  expect(db.version).toBe(DB_VERSION);
  db.close();
});

test("a connection gives way to a newer version, says so, and later work is told why", async () => {
  const told: Failure[] = [];
  const db = await openStudioDb("studio", { onClosed: (failure) => told.push(failure) });
  const newer = await openDB("studio", 99);
  expect(told).toMatchObject([{ code: "STORAGE_OUTDATED" }]);
  await expect(putRun(db, RUN)).rejects.toMatchObject({ code: "STORAGE_CLOSED" });
  newer.close();
  await expect(openStudioDb("studio")).rejects.toMatchObject({
    code: "STORAGE_OUTDATED",
    hint: expect.stringMatching(/^Reload/) as string,
  });
});

test("a connection the browser ends is told to whoever holds it", async () => {
  const told: Failure[] = [];
  const db = await openStudioDb("studio", { onClosed: (failure) => told.push(failure) });
  // the browser's own event; idb's wrapper has the members of the database it wraps
  const EventOfLibrary = (await import("fake-indexeddb")).IDBVersionChangeEvent;
  db.dispatchEvent(new EventOfLibrary("close"));
  expect(told).toMatchObject([{ code: "STORAGE_CLOSED" }]);
  db.close();
});
