import "fake-indexeddb/auto";
import { afterEach, expect, test, vi } from "vitest";
import { presetById } from "../../../common/config/presets";
import type { TimelineEntry } from "../../../common/config/experiment";
import { putCheckpoint } from "../../../common/storage/checkpoints";
import type { Database } from "../../../common/storage/db";
import { openStudioDb } from "../../../common/storage/openDb";
import { getRun, putRun, updateRun } from "../../../common/storage/runs";
import type { StoredRun } from "../../store/dataSlice";
import type { QueuedRun } from "../../../common/storage/queue";
import { createStudioStore } from "../../store/studioStore";
import { createForkFlow } from "./forkFlow";

const { experiment } = presetById("tiny");
const ENTRY: TimelineEntry = { step: 21, change: { projCoeff: 0.9 } };

let opened: Database[] = [];
afterEach(() => {
  opened.forEach((db) => db.close());
  opened = [];
});

/** A page that shows run "a", with checkpoints of these steps and one live change, and perhaps trains it. */
async function page(database: string, { steps = [10, 20], underWay = false } = {}) {
  const db = await openStudioDb(database);
  opened.push(db);
  const store = createStudioStore(experiment, "tiny");
  const record = {
    ...{ id: "a", name: "Tiny", experiment, timeline: [ENTRY], createdAtMs: 1, updatedAtMs: 1 },
    ...{ step: 25, device: null, datasetHash: "", codeVersion: "" },
    ...{ phase: "stopped" as const, look: { color: 0, shown: true } },
  };
  await putRun(db, record);
  for (const step of steps) await putCheckpoint(db, "a", step, new ArrayBuffer(8), { nowMs: step });
  const start = { runId: "a", name: "Tiny", experiment, timeline: [ENTRY] };
  store.getState().beginRun(start);
  store.getState().recordChange({ runId: "a", entry: ENTRY });
  const done: string[] = [];
  const failed: unknown[] = [];
  const waiting: QueuedRun[] = [];
  const life = { underWay };
  let ids = 0;
  const flow = createForkFlow({
    store,
    withDatabase: (work) => work(db),
    run: {
      isUnderWay: () => life.underWay,
      press: (press) => done.push(press),
      resumeStored: (runId) => {
        done.push(`resume ${runId}`);
        life.underWay = true;
        store.getState().beginRun({ ...start, runId });
      },
      openStored: (runId) => done.push(`open ${runId}`),
    },
    refresh: async () => {
      const runs = [await getRun(db, "a"), await getRun(db, "fork-0"), await getRun(db, "fork-1")];
      store
        .getState()
        .setRuns(
          runs.flatMap((one): StoredRun[] =>
            one ? [{ ...one, parent: one.parent ?? null, checkpoints: [] } as never] : [],
          ),
        );
    },
    queueStored: (run) => {
      waiting.push(run);
      return Promise.resolve();
    },
    newId: () => `fork-${ids++}`,
    nowMs: () => 99,
    report: (thrown) => failed.push(thrown),
  });
  const over = () => {
    life.underWay = false;
    flow.onOver();
  };
  return { db, store, flow, done, failed, over, waiting };
}

test("undo stops the run, forks it before the change, and says what was kept", async () => {
  const { db, store, flow, done, over, failed } = await page("undo", { underWay: true });
  flow.undo();
  flow.undo(); // a second press
  expect(done).toEqual(["stop"]);
  over();
  await vi.waitFor(() => expect(done).toEqual(["stop", "resume fork-0"]));
  expect(await getRun(db, "fork-0")).toMatchObject({
    ...{ timeline: [], step: 20 },
    parent: { runId: "a", step: 20, change: [{ path: "alignment.projCoeff", from: 0.9 }] },
  });
  expect(store.getState().forks).toMatchObject({
    made: [],
    undone: { kept: { runId: "a", name: "Tiny" }, fork: { runId: "fork-0", step: 20 } },
  });

  await vi.waitFor(() => expect(store.getState().forks.busy).toBe(false));
  flow.redo();
  over();
  await vi.waitFor(() => expect(done).toEqual(["stop", "resume fork-0", "stop", "resume a"]));
  expect(store.getState().forks).toMatchObject({ undone: null, made: [{ entry: ENTRY }] });
  expect(failed).toEqual([]);
});

test("undo begins at the newest checkpoint there is before the change, or at the start", async () => {
  const early = await page("early", { steps: [10, 24] });
  early.flow.undo();
  await vi.waitFor(() => expect(early.done).toEqual(["resume fork-0"]));
  expect((await getRun(early.db, "fork-0"))?.step).toBe(10);
  const none = await page("none", { steps: [] });
  none.flow.undo();
  await vi.waitFor(() => expect(none.done).toEqual(["resume fork-0"]));
  expect((await getRun(none.db, "fork-0"))?.step).toBe(0);
});

test("undone twice, the earlier change is taken back from the run it was made in", async () => {
  const { db, store, flow, done, failed, over } = await page("twice");
  const earlier: TimelineEntry = { step: 15, change: { encoderDepth: 2 } };
  await updateRun(db, "a", { timeline: [earlier, ENTRY] });
  store.getState().setForks({ made: [earlier, ENTRY].map((entry) => ({ runId: "a", entry })) });
  flow.undo();
  await vi.waitFor(() => expect(store.getState().forks.busy).toBe(false));
  expect((await getRun(db, "fork-0"))?.timeline).toEqual([earlier]);
  flow.undo();
  over();
  await vi.waitFor(() => expect(done).toEqual(["resume fork-0", "stop", "resume fork-1"]));
  expect(failed).toEqual([]);
  expect(await getRun(db, "fork-1")).toMatchObject({
    timeline: [],
    parent: { runId: "a", step: 10 },
  });
});

test("a fork that is only kept leaves what is under way alone", async () => {
  const { db, store, flow, done } = await page("kept", { underWay: true });
  const wanted = { ...experiment, sampling: { ...experiment.sampling, steps: 3 } };
  flow.fork({ runId: "a", step: 10, before: null, wanted, begins: "never" });
  await vi.waitFor(() => expect(store.getState().data.runs).toHaveLength(2));
  expect(done).toEqual([]);
  expect((await getRun(db, "fork-0"))?.experiment.sampling.steps).toBe(3);
});

test("a fork that is queued waits for what is under way", async () => {
  const { store, flow, done, waiting } = await page("queued", { underWay: true });
  flow.fork({ runId: "a", step: 10, before: null, wanted: experiment, begins: "afterwards" });
  await vi.waitFor(() => expect(store.getState().forks.busy).toBe(false));
  expect(done).toEqual([]);
  expect(waiting).toMatchObject([{ runId: "fork-0", name: "Tiny", from: 10 }]);
});

test("what cannot be forked is said, and nothing is stored", async () => {
  const { db, store, flow, failed } = await page("refused");
  const wanted = { ...experiment, optimizer: { ...experiment.optimizer, steps: 10 } };
  flow.fork({ runId: "a", step: 10, before: null, wanted, begins: "now" });
  await vi.waitFor(() => expect(failed).toMatchObject([{ code: "BAD_CONFIG" }]));
  await vi.waitFor(() => expect(store.getState().forks.busy).toBe(false));
  flow.fork({ runId: "gone", step: 10, before: null, wanted, begins: "now" });
  await vi.waitFor(() => expect(failed[1]).toMatchObject({ code: "STORAGE_FAILED" }));
  expect(await db.count("runs")).toBe(1);
});
