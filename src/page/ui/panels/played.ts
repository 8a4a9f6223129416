import { nearestLoggedStep } from "../../store/selectors";
import { lastStep, stepAt, type StepLog } from "../../store/stepLog";

/** How long a whole run takes when it is played, in seconds. */
export const PLAY_SECONDS = [5, 15, 60] as const;

/** Where playing begins: at the step shown, or at the first one where there is nothing left to play. */
export const playFrom = (log: StepLog, shown: number): number =>
  shown >= lastStep(log) ? Math.max(0, stepAt(log, 0)) : shown;

/**
 * The logged step to show so long after the press, or null once the end is reached.
 * @param from the step it was begun at
 * @param wholeMs how long the whole log would take, first to last step
 */
export function playedStep(
  log: StepLog,
  from: number,
  elapsedMs: number,
  wholeMs: number,
): number | null {
  const last = lastStep(log);
  const step = from + ((last - Math.max(0, stepAt(log, 0))) * elapsedMs) / wholeMs;
  return step >= last ? null : nearestLoggedStep(log, step);
}
