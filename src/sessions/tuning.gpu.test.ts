import { afterEach, expect, test } from "vitest";
import { TUNINGS } from "../kernels/chooseTuning";
import { openStudioDb } from "../storage/db";
import { putSetting } from "../storage/settings";
import { tuningFor } from "./tuning";

/** Real IndexedDB; only the measuring is played, so that it can be counted and its answer is known. */
const name = `test-${crypto.randomUUID()}`;
const open = () => openStudioDb(name);
afterEach(() => void indexedDB.deleteDatabase(name));

function measuring(best: number) {
  let count = 0;
  const order = [...TUNINGS.slice(best), ...TUNINGS.slice(0, best)];
  return {
    count: () => count,
    measure: () => {
      count++;
      return Promise.resolve(order.map((tuning, i) => ({ tuning, ms: i + 1 })));
    },
  };
}

test("the best of the first measurement is remembered for its adapter, and for no other", async () => {
  const first = measuring(2);
  expect(await tuningFor("adapter a", open, first.measure)).toBe(TUNINGS[2]);
  const later = measuring(1);
  expect(await tuningFor("adapter a", open, later.measure)).toBe(TUNINGS[2]);
  expect([first.count(), later.count()]).toEqual([1, 0]);
  expect(await tuningFor("adapter b", open, later.measure)).toBe(TUNINGS[1]);
});

test("nonsense in storage is measured over", async () => {
  const db = await open();
  await putSetting(db, "tuning/adapter c", { kind: "shared", tile: [1e9, 1e9] });
  db.close();
  const { measure, count } = measuring(1);
  expect(await tuningFor("adapter c", open, measure)).toBe(TUNINGS[1]);
  expect(await tuningFor("adapter c", open, measure)).toBe(TUNINGS[1]);
  expect(count()).toBe(1);
});

test("a browser without storage measures each time", async () => {
  const { measure, count } = measuring(0);
  const refused = () => Promise.reject(new Error("refused"));
  expect(await tuningFor("adapter d", refused, measure)).toBe(TUNINGS[0]);
  expect(await tuningFor("adapter d", refused, measure)).toBe(TUNINGS[0]);
  expect(count()).toBe(2);
});
