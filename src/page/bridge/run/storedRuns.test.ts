import { openDB } from "idb";
import { beforeEach, expect, test, vi } from "vitest";
import { installFakeIndexedDb } from "../../../../test/fakeDatabase";
import type { Failure } from "../../../common/errors/studioError";
import { DB_NAME } from "../../../common/storage/db";
import { watchDatabase } from "./storedRuns";

beforeEach(installFakeIndexedDb);

test("a newer version that came between a page's start and its watch is told all the same", async () => {
  (await openDB(DB_NAME, 99)).close();
  const told: Failure[] = [];
  const stop = watchDatabase((failure) => told.push(failure));
  await vi.waitFor(() => expect(told).toMatchObject([{ code: "STORAGE_OUTDATED" }]));
  stop();
});
