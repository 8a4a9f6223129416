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

function runLine({ name, outcome, checkpoints }: ImportedRun): string {
  const taken = checkpoints > 0 ? `, with ${counted(checkpoints, "checkpoint")}` : "";
  switch (outcome) {
    case "new":
      return `${name} is in the list of runs${taken}.`;
    case "beside":
      return `${name} has the id of another run that is stored here, with other contents: it is in the list as a run of its own${taken}.`;
    case "here":
      return checkpoints > 0
        ? `${name} was already here; ${counted(checkpoints, "checkpoint")} of it was added.`
        : `${name} was already here.`;
  }
}

/** Each line once, with how often it would stand there: the runs of a sweep have one name. */
function eachOnce(lines: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return [...counts].map(([line, count]) => (count > 1 ? `${count} times: ${line}` : line));
}

/** A line for each run and for whatever was not taken. */
export const openedLines = ({ runs, notes, failure }: OpenedResults): readonly string[] => [
  ...eachOnce(
    runs.flatMap((run) => [runLine(run), ...run.notes.map((note) => `${run.name}: ${note}`)]),
  ),
  ...notes,
  ...(failure ? [`${failure.message} ${failure.hint}`] : []),
];
