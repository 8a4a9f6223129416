/** Steps of a burst: enough for 250 ms, so one where a step takes longer, and 250 at most. */
export const burstSteps = (stepMs: number): number =>
  Math.max(1, Math.min(250, Math.round(250 / stepMs)));

export interface RoundLimits {
  /** Quartiles of fewer say little: these are done even when the share of time is spent. */
  readonly least: number;
  readonly most: number;
  /** Clock readings: the end of this workload's share, and of the stage. */
  readonly shareEndsMs: number;
  readonly stageEndsMs: number;
}

/** Whether another round fits, when it takes as long as the longest one so far. */
export function anotherRound(
  { least, most, shareEndsMs, stageEndsMs }: RoundLimits,
  { done, longestMs, nowMs }: { done: number; longestMs: number; nowMs: number },
): boolean {
  if (done >= most) return false;
  const ends = nowMs + longestMs;
  return done < least ? ends <= stageEndsMs : ends <= shareEndsMs;
}

/** Of a workload's share, what opening and compiling may take. */
export const SETUP_SHARE = 0.6;
