import { expect, test } from "vitest";
import type { KeptCheckpoint, StoredRun } from "./dataSlice";
import { ancestorsOf, checkpointUpTo, keptBytes, newestMade, runTree, takerOf } from "./forks";

const run = (id: string, parent?: string, step = 10) =>
  ({ id, parent: parent === undefined ? null : { runId: parent, step } }) as StoredRun;
/** a, with forks b (whose fork is d) and c; e is a fork of a run that is deleted. */
const RUNS = [run("e", "gone"), run("d", "b", 30), run("c", "a", 5), run("b", "a"), run("a")];
const ids = (runs: readonly StoredRun[]) => runs.map(({ id }) => id).join(" ");

test("forks stand under their parents, each generation in order, and orphans by themselves", () => {
  const tree = (runs: readonly StoredRun[]) =>
    runTree(runs)
      .map((row) => `${row.depth}${row.run.id}`)
      .join(" ");
  expect(tree(RUNS)).toBe("0e 0a 1c 1b 2d");
  expect(tree(RUNS.filter(({ id }) => id !== "a"))).toBe("0e 0c 0b 1d");
  expect(tree([run("x", "y"), run("y", "x")])).toBe("0x 1y"); // nobody makes it, and nobody is lost
});

test("ancestors end where one is deleted", () => {
  expect(ids(ancestorsOf(RUNS, "d"))).toBe("b a");
  expect(ids(ancestorsOf(RUNS, "e"))).toBe("");
  expect(ids(ancestorsOf([run("x", "y"), run("y", "x")], "x"))).toBe("y x");
});

test("a step is of the run that took it", () => {
  expect(takerOf(RUNS, "d", 31)?.id).toBe("d");
  expect(takerOf(RUNS, "d", 30)?.id).toBe("b");
  expect(takerOf(RUNS, "d", 10)?.id).toBe("a");
  expect(takerOf(RUNS, "e", 11)?.id).toBe("e");
  expect(takerOf(RUNS, "e", 10)).toBeNull();
});

const kept = (step: number, more: Partial<KeptCheckpoint> = {}): KeptCheckpoint => ({
  ...{ step, bytes: 100, pinned: false, forkPoint: false },
  ...more,
});

test("a fork begins at the newest checkpoint before, or at the start of a run that has one", () => {
  const checkpoints = [kept(10), kept(20)];
  expect(checkpointUpTo({ checkpoints, parent: null }, 25)).toBe(20);
  expect(checkpointUpTo({ checkpoints, parent: null }, 20)).toBe(20);
  expect(checkpointUpTo({ checkpoints, parent: null }, 9)).toBe(0);
  expect(checkpointUpTo({ checkpoints, parent: { runId: "a", step: 10 } }, 9)).toBeNull();
  expect(checkpointUpTo({ checkpoints: [], parent: { runId: "a", step: 0 } }, 9)).toBe(0);
});

test("the newest change that counts is one of the shown run or of a run it was forked from", () => {
  const entry = (step: number) => ({ step, change: { projCoeff: step } });
  const made = [
    { runId: "a", entry: entry(5) },
    { runId: "b", entry: entry(12) },
    { runId: "c", entry: entry(7) },
  ];
  expect(newestMade(made, RUNS, "d")?.entry.step).toBe(12);
  expect(newestMade(made, RUNS, "c")?.entry.step).toBe(7);
  expect(newestMade(made, RUNS, "a")?.entry.step).toBe(5);
  expect(newestMade(made, RUNS, "e")).toBeNull();
  expect(newestMade(made, RUNS, null)).toBeNull();
});

test("what is kept for forks counts once", () => {
  const checkpoints = [kept(1, { pinned: true, forkPoint: true }), kept(2, { forkPoint: true })];
  expect(keptBytes([{ checkpoints }, { checkpoints: [kept(3)] }])).toEqual({
    ...{ pinned: 100, forkPoints: 100 },
  });
});
