import { runWork, type Work } from "../../engine/metrics/work";
import type { OnProgress } from "../../common/protocol/metrics";
import type { SessionEnvironment } from "../common/environment";

export type TurnTools = Pick<SessionEnvironment, "clockMs" | "turn">;

/** Longest time of arithmetic before a worker handles messages and reports progress. */
const SLICE_MS = 50;

/**
 * The result of long arithmetic, in slices between which messages get in.
 * @param assertWanted throws when the work is to end
 */
export function runInTurns<T>(
  work: Work<T>,
  { clockMs, turn }: TurnTools,
  assertWanted: () => void,
  onProgress?: OnProgress,
): Promise<T> {
  let sliceStartMs = clockMs();
  return runWork(work, async (done, all) => {
    if (clockMs() - sliceStartMs < SLICE_MS) return;
    onProgress?.(done, all);
    await turn();
    assertWanted();
    sliceStartMs = clockMs();
  });
}
