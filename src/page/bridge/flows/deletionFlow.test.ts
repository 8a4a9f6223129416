import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Experiment } from "../../../common/config/experiment";
import { createStudioStore, type StudioStore } from "../../store/studioStore";
import { createDeletionFlow } from "./deletionFlow";

let store: StudioStore;
let done: string[];
const step = (name: string) => (key: string) => {
  done.push(`${name} ${key}`);
  return Promise.resolve();
};
const flow = () => {
  const plain = { finish: step("finish") };
  const run = { hide: step("hide"), show: step("show"), finish: step("finish") };
  const steps = { run, cache: plain, weights: plain, dataset: plain, unreadable: plain };
  return createDeletionFlow(store, steps, (thrown) => done.push(String(thrown)), 1000);
};

beforeEach(() => {
  vi.useFakeTimers();
  store = createStudioStore(Experiment.parse({}));
  done = [];
});
afterEach(() => vi.useRealTimers());

test("a deleted run is hidden at once and gone with its notice; undone, it comes back", async () => {
  const deletions = flow();
  await deletions.remove({ kind: "run", key: "a" });
  await deletions.remove({ kind: "run", key: "b" });
  expect(done).toEqual(["hide a", "hide b"]);
  await deletions.undo({ kind: "run", key: "a" });
  expect(store.getState().deletions).toEqual([{ kind: "run", key: "b" }]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(done).toEqual(["hide a", "hide b", "show a", "finish b"]);
  expect(store.getState().deletions).toEqual([]);
});

test("a cache is deleted when its notice is gone, and not while a run uses it", async () => {
  const deletions = flow();
  await deletions.remove({ kind: "cache", key: "latents" });
  store.getState().setPhase("training");
  await vi.advanceTimersByTimeAsync(5000);
  await deletions.finishAll();
  expect(done).toEqual([]);
  store.getState().setPhase("stopped");
  await deletions.finishAll();
  expect(done).toEqual(["finish latents"]);
});

test("the run that trains is not deleted", async () => {
  const deletions = flow();
  const experiment = Experiment.parse({});
  store.getState().beginRun({ runId: "a", name: "A", experiment, timeline: [] });
  await deletions.remove({ kind: "run", key: "a" });
  expect(done).toEqual([]);
  expect(store.getState().deletions).toEqual([]);
});

test("a deletion that fails is told, and what it was about is shown again", async () => {
  const steps = { finish: () => Promise.reject(new Error("disk")) };
  const run = { ...steps, hide: () => Promise.reject(new Error("trains in another tab")) };
  const all = { run, cache: steps, weights: steps, dataset: steps, unreadable: steps };
  const deletions = createDeletionFlow(store, all, (thrown) => done.push(String(thrown)), 1000);
  await deletions.remove({ kind: "run", key: "a" });
  await deletions.remove({ kind: "cache", key: "c" });
  await deletions.finishAll();
  expect(done).toEqual(["Error: trains in another tab", "Error: disk"]);
  expect(store.getState().deletions).toEqual([]);
});
