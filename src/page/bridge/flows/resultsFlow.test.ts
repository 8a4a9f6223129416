import "fake-indexeddb/auto";
import { afterEach, expect, test } from "vitest";
import { exampleFacts, exampleRun, resultsBytes } from "../../../../test/exampleResults";
import { presetById } from "../../../common/config/presets";
import type { Database } from "../../../common/storage/db";
import { openStudioDb } from "../../../common/storage/openDb";
import { deleteRun, listRuns, putRun, readRun, updateRun } from "../../../common/storage/runs";
import { pointsOf } from "../../../common/storage/stepRows";
import { createStudioStore } from "../../store/studioStore";
import { newestRun, readStoredRun } from "../run/storedRuns";
import { createResultsFlow } from "./resultsFlow";

let opened: Database[] = [];
afterEach(() => {
  opened.forEach((db) => db.close());
  opened = [];
});

const { experiment } = presetById("tiny");

async function page(database: string) {
  const db = await openStudioDb(database);
  opened.push(db);
  const store = createStudioStore(experiment, "tiny");
  const saved: File[] = [];
  const reported: unknown[] = [];
  const undone: string[] = [];
  const flow = createResultsFlow({
    store,
    withDatabase: (work) => work(db),
    refresh: () => Promise.resolve(),
    undoDelete: (id) => Promise.resolve(void undone.push(id)),
    saveFile: (blob, name) => void saved.push(new File([blob], name)),
    codeVersion: "0.1.0",
    nowMs: () => 5000,
    report: (thrown) => void reported.push(thrown),
  });
  return { db, store, flow, saved, reported, undone, told: () => store.getState().results };
}

const fileOf = async (...ids: string[]) => {
  const runs = ids.map((id) => exampleRun({ facts: { id, name: `Run ${id}` } }));
  return new File([await resultsBytes(runs, { checkpoints: false })], "a.zip");
};

test("runs of a file are stored in its order, drawn in colours of their own, and told", async () => {
  const { db, flow, told, undone } = await page("open");
  const ids = Array.from({ length: 22 }, (_, i) => `run-${i}`);
  await flow.open(await fileOf(...ids));
  const runs = await listRuns(db);
  expect(runs.map(({ id }) => id)).toEqual(ids);
  const drawn = runs.filter(({ look }) => look?.shown);
  expect(drawn).toHaveLength(20);
  expect(new Set(drawn.map(({ look }) => look?.color)).size).toBe(16); // every colour, solid and dashed
  expect(undone).toEqual([...ids].reverse());
  expect(told().progress).toBeNull();
  expect(told().opened).toEqual([
    expect.objectContaining({ file: "a.zip", failure: null, notes: [] }),
  ]);
});

test("a run that is saved, deleted and opened again is the same, as it is now called", async () => {
  const { db, store, flow, saved } = await page("around");
  await flow.open(await fileOf("a"));
  await updateRun(db, "a", { name: "Ωmega" });
  store.getState().changeRun("a", { name: "Ωmega", look: { color: 3, shown: false } });
  await flow.save(["a"], false);
  const [file] = saved;
  if (!file) throw new Error("nothing was saved");
  expect(file.name).toBe("repa-studio-results-run.zip"); // the list has no such run: no name to go by
  await deleteRun(db, "a");
  await flow.open(file);
  const [run] = await listRuns(db);
  expect(run).toMatchObject({ id: "a", name: "Ωmega", look: { shown: true } });
  expect(store.getState().data.changedRuns).toEqual({});
});

test("files are opened one after the other; one that is refused leaves the next alone", async () => {
  const { db, flow, told, reported } = await page("turns");
  const broken = new File(["PK\x03\x04 and nothing more"], "b.zip");
  await Promise.all([flow.open(broken), flow.open(await fileOf("a"))]);
  expect(told().opened.map(({ file, failure }) => [file, failure?.code])).toEqual([
    ["b.zip", "BAD_RESULTS"],
    ["a.zip", undefined],
  ]);
  expect(await listRuns(db)).toHaveLength(1);
  expect(reported).toEqual([]);
});

test("a reload shows the run that was trained here, and one of a file where there is no other", async () => {
  const { db, flow } = await page("reload");
  await flow.open(await fileOf("a"));
  expect((await newestRun(db))?.id).toBe("a");
  await putRun(db, { ...exampleFacts, id: "own" });
  await flow.open(await fileOf("b"));
  expect((await listRuns(db)).map(({ id }) => id)).toEqual(["b", "own", "a"]);
  expect((await newestRun(db))?.id).toBe("own");
  expect((await readStoredRun(db, "b"))?.imported).toBe(true);
  await updateRun(db, "b", { phase: "caching", updatedAtMs: 6000 }); // it goes on here
  expect((await newestRun(db))?.id).toBe("b");
  expect((await readStoredRun(db, "b"))?.imported).toBe(false);
});

test("what is damaged is left out of a saved file, and said", async () => {
  const { db, flow, saved, reported } = await page("damaged");
  const run = exampleRun({ facts: { id: "a", name: "Run a" } });
  await flow.open(new File([await resultsBytes([run])], "a.zip"));
  await db.add("log", { runId: "a", kind: "steps", points: [{ step: -1 }] } as never);
  await db.put("grids", { runId: "a", step: 2 } as never);
  await db.delete("stateParts", ["a", 3, 0]);
  await flow.save(["a"], true);
  expect(reported).toEqual([
    expect.objectContaining({
      code: "CHECKSUM_MISMATCH",
      message:
        "Saved without what cannot be read: 1 row of the log of Run a, the samples of step 2 of Run a, the checkpoint of step 3 of Run a.",
    }),
  ]);
  await deleteRun(db, "a");
  const [file] = saved;
  if (file) await flow.open(file);
  const again = await readRun(db, "a");
  expect([pointsOf(again?.steps ?? []).length, again?.grids.length]).toEqual([3, 1]);
});

test("a run that is gone is not saved, which is said", async () => {
  const { flow, saved, reported, told } = await page("gone");
  await flow.save(["nobody"], false);
  expect(saved).toEqual([]);
  expect(reported).toEqual([expect.objectContaining({ code: "STORAGE_FAILED" })]);
  expect(told().progress).toBeNull();
});
