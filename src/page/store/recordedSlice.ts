import type { RecordedRuns } from "../../common/config/recordedRuns";
import { isActive } from "./runPhase";
import type { SetPart } from "./setPart";
import type { RunSlice } from "./runSlice";
import type { RunsSlice } from "./runsSlice";

/** Recorded runs, shown until the visitor has a curve of their own. */
export interface RecordedSlice {
  /** Null until they are fetched, and where they cannot be. */
  readonly recorded: RecordedRuns | null;
  readonly setRecorded: (recorded: RecordedRuns) => void;
}

export const createRecordedSlice = (
  set: SetPart<Pick<RecordedSlice, "recorded">>,
): RecordedSlice => ({
  recorded: null,
  setRecorded: (recorded) => set({ recorded }),
});

/** A curve has two points. */
const CURVE_POINTS = 2;

/** Whether the page has nothing of its own to show: no run is drawn, and the open one has no curve yet. */
export const wantsRecorded = ({ run, runs }: Pick<RunSlice & RunsSlice, "run" | "runs">): boolean =>
  Object.keys(runs.curves).length === 0 &&
  (run.phase === "idle" || (isActive(run.phase) && run.log.length < CURVE_POINTS));
