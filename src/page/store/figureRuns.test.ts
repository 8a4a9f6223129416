import { expect, test } from "vitest";
import { presetById } from "../../common/config/presets";
import type { StoredRun } from "./dataSlice";
import { selectBeside, selectDrawsFork, selectLead, selectOpenRun } from "./figureRuns";
import { curvesOf } from "./runsSlice";
import { createStudioStore } from "./studioStore";

const { experiment } = presetById("tiny");

const run = (id: string, parent: StoredRun["parent"] = null, shown = true): StoredRun => ({
  ...{ id, name: id, phase: "stopped", isElsewhere: false, step: 9, totalSteps: 40 },
  ...{ createdAtMs: 0, updatedAtMs: 0, checkpointStep: null, checkpoints: [], bytes: 0 },
  ...{ experiment, timeline: [], device: null, pinned: false, parent, imported: null },
  latest: {},
  look: { color: 0, shown },
});
const point = (step: number) => ({ step, velocityLoss: 1, projLoss: 0, gradNorm: 1, stepMs: 1 });

/** A page with runs a, its forks b (at 4) and c (at 6), and b's fork d, of which the curves in `read` are here. */
function page(read: string, hidden = "") {
  const store = createStudioStore(experiment);
  const at = (runId: string, step: number) => ({ runId, step });
  const parents = { a: null, b: at("a", 4), c: at("a", 6), d: at("b", 8) };
  const state = store.getState();
  state.setRuns(
    Object.entries(parents).map(([id, parent]) => run(id, parent, !hidden.includes(id))),
  );
  for (const runId of read) {
    state.setCurves(curvesOf({ runId, updatedAtMs: 0 }, { points: [point(1), point(9)] }, [], []));
  }
  return store;
}
const begin = (runId: string) => ({ runId, name: runId, experiment, timeline: [] });

test("a fork's curves begin in its ancestors', also in those that are not drawn", () => {
  const store = page("abd", "ab");
  const [d] = selectBeside(store.getState());
  expect(d?.id).toBe("d");
  expect(d?.forkedFrom).toMatchObject({
    ...{ step: 8, change: [] },
    run: { id: "b", forkedFrom: { step: 4, run: { id: "a", forkedFrom: null } } },
  });
  const unread = selectBeside(page("d", "ab").getState());
  expect(unread[0]?.forkedFrom).toEqual({ step: 8, change: [], run: null });
});

test("the open run is a parent, and a fork, as any other", () => {
  const store = page("b");
  store.getState().beginRun(begin("a"));
  store.getState().applyRunEvents([{ type: "steps", points: [point(1)] }]);
  const beside = selectBeside(store.getState());
  expect(beside.map(({ id }) => id)).toEqual(["b"]);
  expect(beside[0]?.forkedFrom?.run).toMatchObject({ id: "a", log: { length: 1 } });
  store.getState().beginRun(begin("d"));
  expect(selectOpenRun(store.getState())?.forkedFrom).toMatchObject({ step: 8, run: { id: "b" } });
  expect(selectLead(store.getState())).toMatchObject({ since: 8, forkedFrom: { step: 8 } });
});

test("an axis relative to forks begins where a run was forked, or where its own forks begin", () => {
  const since = (hidden = "", open?: string) => {
    const store = page("abcd", hidden);
    if (open !== undefined) store.getState().beginRun(begin(open));
    return selectBeside(store.getState())
      .map((one) => `${one.id}${one.since}`)
      .sort()
      .join(" ");
  };
  expect(since()).toBe("a4 b4 c6 d8");
  expect(since("b")).toBe("a6 c6 d8"); // of drawn forks
  expect(since("", "c")).toBe("a6 b4 d8"); // of the open one
  expect(since("bcd")).toBe("a0");
  expect(selectDrawsFork(page("", "bcd").getState())).toBe(false);
  expect(selectDrawsFork(page("", "abc").getState())).toBe(true);
});

test("runs beside are the same objects after the list was read again, and while another one trains", () => {
  const store = page("abd");
  const before = selectBeside(store.getState());
  const stored = store.getState().data.runs;
  store.getState().setRuns(structuredClone(stored));
  expect(selectBeside(store.getState())).toBe(before);

  store
    .getState()
    .setRuns(
      structuredClone(stored).map((one) => ({ ...one, step: one.id === "c" ? 8 : one.step })),
    );
  expect(selectBeside(store.getState())).toBe(before); // c is not drawn

  store.getState().changeRun("b", { name: "renamed" });
  const after = selectBeside(store.getState());
  expect(after.map((one, i) => one === before[i])).toEqual(before.map(({ id }) => id !== "b"));
});

test("a fork is another object when its parent's curves are", () => {
  const store = page("ab");
  const [before] = selectBeside(store.getState()).filter(({ id }) => id === "b");
  store
    .getState()
    .setCurves(curvesOf({ runId: "a", updatedAtMs: 1 }, { points: [point(2)] }, [], []));
  const [after] = selectBeside(store.getState()).filter(({ id }) => id === "b");
  expect(after).not.toBe(before);
  expect(after?.forkedFrom?.run?.log).toBe(store.getState().runs.curves.a?.log);
});
