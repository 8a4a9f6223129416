import { expect, test } from "vitest";
import { presetById } from "../../common/config/presets";
import type { StoredRun } from "./dataSlice";
import { createStudioStore } from "./studioStore";
import { lastCknna, listedRuns, seedGroups, spread } from "./runList";

const { experiment } = presetById("first-minute");

const run = (id: string, part: Partial<StoredRun> & { kid?: number; seed?: number } = {}) => {
  const { kid, seed = 0, ...rest } = part;
  const quality = { kind: "sampleQuality", step: 1, space: "s", kid };
  return {
    ...{ id, name: id, phase: "finished", isElsewhere: false, step: 1, totalSteps: 1 },
    ...{ createdAtMs: 0, updatedAtMs: 0, checkpointStep: null, bytes: 0, timeline: [] },
    ...{ device: null, look: { color: 0, shown: true }, pinned: false, parent: null },
    experiment: { ...experiment, optimizer: { ...experiment.optimizer, seed } },
    latest: kid === undefined ? {} : { sampleQuality: quality },
    ...rest,
  } as StoredRun;
};

const ids = (runs: readonly StoredRun[]) => runs.map(({ id }) => id).join(" ");
const name = (one: StoredRun) => one.name;

test("pinned runs come first, in every order; what is not measured comes last", () => {
  const runs = [run("c", { kid: 9 }), run("a"), run("b", { kid: 3 }), run("d", { pinned: true })];
  const listed = (order: "newest" | "name" | "kid") =>
    ids(listedRuns(runs, { order, filter: "" }, name));
  expect(listed("newest")).toBe("d c a b");
  expect(listed("name")).toBe("d a b c");
  expect(listed("kid")).toBe("d b c a");
});

test("a filter's words must all be there", () => {
  const runs = [run("Vanilla seed 1"), run("Vanilla seed 2"), run("First minute seed 1")];
  const listed = (filter: string) => ids(listedRuns(runs, { order: "newest", filter }, name));
  expect(listed("vanilla 1")).toBe("Vanilla seed 1");
  expect(listed("SEED")).toBe(ids(runs));
});

test("runs that differ in the seed alone are one group, unless one was changed while it trained", () => {
  const changed = run("c", { timeline: [{ step: 3, change: { projCoeff: 0 } }] });
  const groups = seedGroups([run("a"), run("b", { seed: 1 }), changed]);
  expect(groups.map(ids)).toEqual(["a b", "c"]);
});

test("the last CKNNA is that of the aligned block", () => {
  const layerAlignment = { cknna: [0.1, 0.2, 0.3] };
  const measured = run("a", { latest: { layerAlignment } as unknown as StoredRun["latest"] });
  expect(lastCknna(measured)).toBe(0.2); // after block 2
  expect(lastCknna(run("b"))).toBeUndefined();
});

test("mean and sample standard deviation", () => {
  expect(spread([])).toBeNull();
  expect(spread([4])).toEqual({ mean: 4, deviation: null });
  expect(spread([1, 3])).toEqual({ mean: 2, deviation: Math.SQRT2 });
});

test("a list that was read before a change was stored does not undo it", () => {
  const store = createStudioStore(experiment);
  const stored = run("a");
  store.getState().setRuns([stored]);
  store.getState().changeRun("a", { look: { color: 3, shown: false } });
  store.getState().changeRun("a", { pinned: true });
  store.getState().setRuns([stored]); // as it was
  expect(store.getState().data.runs[0]).toMatchObject({
    look: { color: 3, shown: false },
    pinned: true,
  });
});
