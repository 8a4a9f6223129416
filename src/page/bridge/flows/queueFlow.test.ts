import "fake-indexeddb/auto";
import { afterEach, expect, test, vi } from "vitest";
import { presetById } from "../../../common/config/presets";
import { openStudioDb } from "../../../common/storage/openDb";
import type { Database } from "../../../common/storage/db";
import { createStudioStore } from "../../store/studioStore";
import { createQueueFlow } from "./queueFlow";

const { experiment } = presetById("tiny");
const item = (name: string) => ({ name, experiment, timeline: [] });

let opened: Database[] = [];
afterEach(() => {
  opened.forEach((db) => db.close());
  opened = [];
});

/** A page with a queue; `underWay` is the machine's word, the phase the worker's. */
async function page(database: string) {
  const db = await openStudioDb(database);
  opened.push(db);
  const store = createStudioStore(experiment, "tiny");
  const begun: string[] = [];
  let underWay = false;
  let ids = 0;
  const flow = createQueueFlow({
    store,
    withDatabase: (work) => work(db),
    isUnderWay: () => underWay,
    begin: (run) => {
      if (run.name === "gone") return Promise.resolve(false);
      begun.push(run.name);
      underWay = true;
      store.getState().beginRun(run);
      return Promise.resolve(true);
    },
    newId: () => `${database}-${ids++}`,
    report: (thrown) => {
      throw thrown;
    },
  });
  const over = () => {
    underWay = false;
    flow.onOver();
  };
  const phase = (name: "finished" | "stopped" | "failed") => store.getState().setPhase(name);
  const names = () => store.getState().queue.items.map(({ name }) => name);
  return { db, store, flow, begun, over, phase, names };
}

test("the first begins at once, the next when the one before it has ended, in either order of its last words", async () => {
  const { flow, begun, over, phase, names } = await page("order");
  await flow.add([item("a"), item("b"), item("c")]);
  expect([begun, names()]).toEqual([["a"], ["b", "c"]]);
  phase("finished");
  over();
  await vi.waitFor(() => expect(begun).toEqual(["a", "b"]));
  over(); // the end of the call came before the phase
  phase("failed");
  await vi.waitFor(() => expect(begun).toEqual(["a", "b", "c"]));
  expect(names()).toEqual([]);
});

test("after a stop by hand the rest waits until it is started", async () => {
  const { flow, begun, over, phase, store } = await page("stop");
  await flow.add([item("a"), item("b")]);
  over();
  phase("stopped");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(begun).toEqual(["a"]);
  expect(store.getState().queue.held).toBe(true);
  flow.start();
  await vi.waitFor(() => expect(begun).toEqual(["a", "b"]));
});

test("a stored run waits once, and one that cannot go on any more is passed over", async () => {
  const { flow, begun, over, phase, names } = await page("stored");
  const stored = (name: string) => ({ ...item(name), runId: name, from: 10 });
  await flow.add([item("a")]);
  for (const name of ["gone", "b", "b", "gone"]) await flow.addStored(stored(name));
  expect(names()).toEqual(["gone", "b"]);
  phase("finished");
  over();
  await vi.waitFor(() => expect(begun).toEqual(["a", "b"]));
  expect(names()).toEqual([]);
});

test("what an earlier version left in the queue are new runs", async () => {
  const { db, store, flow } = await page("earlier");
  await db.put("settings", { key: "queue", value: [{ ...item("a"), runId: "a" }] });
  await flow.read(db);
  expect(store.getState().queue.items).toEqual([{ ...item("a"), runId: "a", from: null }]);
});

test("two tabs share the queue, and each run of it is begun by one of them", async () => {
  const one = await page("shared");
  const two = await page("shared");
  await one.flow.add([item("a"), item("b")]);
  await two.flow.read(two.db);
  expect(two.names()).toEqual(["b"]);
  two.flow.start();
  await vi.waitFor(() => expect(two.begun).toEqual(["b"]));
  one.phase("finished");
  one.over();
  await vi.waitFor(() => expect(one.names()).toEqual([]));
  expect(one.begun).toEqual(["a"]);
});

test("a run is taken out, or made the next", async () => {
  const { flow, names, store } = await page("change");
  await flow.add([item("a"), item("b"), item("c"), item("d")]);
  const idOf = (name: string) =>
    store.getState().queue.items.find((one) => one.name === name)?.runId ?? "";
  flow.first(idOf("d"));
  await vi.waitFor(() => expect(names()).toEqual(["d", "b", "c"]));
  flow.remove(idOf("b"));
  await vi.waitFor(() => expect(names()).toEqual(["d", "c"]));
});
