import { expect, test } from "vitest";
import type { ImportedRun } from "../../../common/resultFiles/importRun";
import type { OpenedResults } from "../../store/resultsSlice";
import { openedLines, openedTitle, openedTone, progressText } from "./resultsText";

const run = { id: "a", name: "SiT", outcome: "new", checkpoints: 0, notes: [] } as const;
const opened: OpenedResults = { file: "a.zip", runs: [run], notes: [], failure: null };

test("what was taken is said of each run", () => {
  const runs = [
    run,
    { ...run, name: "DiT", checkpoints: 2 },
    { ...run, name: "Old", outcome: "here" },
    { ...run, name: "Kept", outcome: "here", checkpoints: 1 },
  ] as const;
  expect(openedTitle({ ...opened, runs })).toBe("a.zip: 4 runs");
  expect(openedTone({ ...opened, runs })).toBe("taken");
  expect(openedLines({ ...opened, runs })).toEqual([
    "SiT is in the list of runs.",
    "DiT is in the list of runs, with 2 checkpoints.",
    "Old was already here.",
    "Kept was already here; 1 checkpoint of it was added.",
  ]);
});

test("runs of one name are counted in plain sentences", () => {
  const twice = (change: Partial<ImportedRun>) =>
    openedLines({
      ...opened,
      runs: [
        { ...run, ...change },
        { ...run, ...change, id: "b" },
      ],
    });
  expect(twice({})).toEqual(["2 runs named SiT are in the list of runs."]);
  expect(twice({ checkpoints: 3, notes: ["a grid is left out"] })).toEqual([
    "2 runs named SiT are in the list of runs, with 3 checkpoints each.",
    "SiT: a grid is left out (2 runs)",
  ]);
  expect(twice({ outcome: "here" })).toEqual(["2 runs named SiT were already here."]);
  expect(twice({ outcome: "here", checkpoints: 1 })).toEqual([
    "2 runs named SiT were already here; 1 checkpoint of each was added.",
  ]);
  expect(twice({ outcome: "beside" })).toEqual([
    expect.stringMatching(/^2 runs named SiT have the ids .* as runs of their own\.$/),
  ]);
});

test("what was not taken as it is, is said", () => {
  const runs = [{ ...run, outcome: "beside", notes: ["the checkpoint is left out"] }] as const;
  expect(openedTone({ ...opened, runs })).toBe("partly");
  expect(openedLines({ ...opened, runs })).toEqual([
    expect.stringContaining("SiT has the id of another run"),
    "SiT: the checkpoint is left out",
  ]);
  expect(openedTone({ ...opened, notes: ["One file in it ..."] })).toBe("partly");
});

test("a file that is refused says why, and which runs came before", () => {
  const failure = { code: "BAD_RESULTS", message: "a.zip: cut.", hint: "Save it again." } as const;
  const refused = { ...opened, runs: [], failure };
  expect(openedTitle(refused)).toBe("a.zip was not opened: BAD_RESULTS");
  expect(openedLines(refused)).toEqual(["a.zip: cut. Save it again."]);
  expect(openedTitle({ ...opened, failure })).toBe("a.zip: 1 run");
  expect(openedTone({ ...opened, failure })).toBe("failed");
});

test("progress is counted where there are several runs", () => {
  expect(progressText({ doing: "saving", done: 0, total: 1 })).toBe("Saving results");
  expect(progressText({ doing: "opening", done: 1, total: 3 })).toBe("Opening results: run 2 of 3");
  expect(progressText({ doing: "opening", done: 3, total: 3 })).toBe("Opening results: run 3 of 3");
});
