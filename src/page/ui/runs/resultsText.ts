import type { ImportedRun } from "../../../common/resultFiles/importRun";
import type { OpenedResults, ResultsProgress } from "../../store/resultsSlice";

/** What is said of files of results. */

export function progressText({ doing, done, total }: ResultsProgress): string {
  const what = doing === "saving" ? "Saving results" : "Opening results";
  return total > 1 ? `${what}: run ${Math.min(done + 1, total)} of ${total}` : what;
}

const counted = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;

export const openedTitle = ({ file, runs, failure }: OpenedResults): string =>
  runs.length === 0 && failure
    ? `${file} was not opened: ${failure.code}`
    : `${file}: ${counted(runs.length, "run")}`;

export function openedTone({ runs, notes, failure }: OpenedResults): "failed" | "partly" | "taken" {
  if (failure) return "failed";
  const told = runs.some((run) => run.outcome === "beside" || run.notes.length > 0);
  return told || notes.length > 0 ? "partly" : "taken";
}

/** What became of runs that have one name, fate and number of checkpoints. */
function runLine({ name, outcome, checkpoints }: ImportedRun, count: number): string {
  const many = count > 1;
  const who = many ? `${count} runs named ${name}` : name;
  const each = many ? " each" : "";
  const taken = checkpoints > 0 ? `, with ${counted(checkpoints, "checkpoint")}${each}` : "";
  switch (outcome) {
    case "new":
      return `${who} ${many ? "are" : "is"} in the list of runs${taken}.`;
    case "beside":
      return many
        ? `${who} have the ids of other runs that are stored here, with other contents: they are in the list as runs of their own${taken}.`
        : `${who} has the id of another run that is stored here, with other contents: it is in the list as a run of its own${taken}.`;
    case "here": {
      const already = `${who} ${many ? "were" : "was"} already here`;
      return checkpoints > 0
        ? `${already}; ${counted(checkpoints, "checkpoint")} of ${many ? "each" : "it"} ${checkpoints > 1 ? "were" : "was"} added.`
        : `${already}.`;
    }
  }
}

/** Each once, with how often it was there, in the order of the first ones. */
function countBy<T>(all: readonly T[], keyOf: (one: T) => string): readonly [T, number][] {
  const found = new Map<string, [T, number]>();
  for (const one of all) {
    const key = keyOf(one);
    found.set(key, [found.get(key)?.[0] ?? one, (found.get(key)?.[1] ?? 0) + 1]);
  }
  return [...found.values()];
}

/** The lines of runs told apart by nothing that is said of them: the runs of a sweep have one name. */
const runLines = (runs: readonly ImportedRun[]): readonly string[] =>
  countBy(runs, (run) => runLine(run, 1)).map(([run, count]) => runLine(run, count));

/** Each note once, with how many of the runs of its name it is of. */
const noteLines = (runs: readonly ImportedRun[]): readonly string[] =>
  countBy(
    runs.flatMap(({ name, notes }) => notes.map((note) => `${name}: ${note}`)),
    (line) => line,
  ).map(([line, count]) => (count > 1 ? `${line} (${count} runs)` : line));

/** What became of each run, and whatever was not taken. */
export const openedLines = ({ runs, notes, failure }: OpenedResults): readonly string[] => [
  ...runLines(runs),
  ...noteLines(runs),
  ...notes,
  ...(failure ? [`${failure.message} ${failure.hint}`] : []),
];
