import { newestMade, type ChangeMade } from "./forks";
import type { StudioState } from "./studioStore";

/** The live change that undo takes back now; null when there is none. */
export const selectUndoable = ({ forks, data, run }: StudioState): ChangeMade | null =>
  newestMade(forks.made, data.runs, run.runId);

/** Why undo does nothing now; null when it does something. */
export function undoBlock(state: StudioState): string | null {
  if (state.forks.busy) return "A fork is being made.";
  if (Object.keys(state.run.wanted).length > 0) return "The last change is not in force yet.";
  if (state.run.phase === "elsewhere") return "Another tab has the run.";
  return selectUndoable(state) ? null : "No live change was made on this page.";
}
