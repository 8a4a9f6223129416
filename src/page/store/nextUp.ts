import type { Experiment } from "../../common/config/experiment";
import type { RunStatus } from "./runPhase";
import type { StudioState } from "./studioStore";

/** Something that is waited for, and for how long still; `about` where the time is a guess. */
export interface Wait {
  readonly what: string;
  readonly seconds: number;
  readonly about: boolean;
}

/** Phases that say nothing of how far they are. */
export const TIMED = ["loading", "compiling", "evaluating"] as const satisfies RunStatus[];
export type TimedPhase = (typeof TIMED)[number];
export type PhaseSeconds = Readonly<Partial<Record<TimedPhase, number>>>;

export const isTimed = (phase: RunStatus): phase is TimedPhase =>
  TIMED.some((timed) => timed === phase);

/** How long a phase takes where none was timed in this browser: of the preset First minute on two CPU cores. */
const GUESSED_SECONDS: Readonly<Record<TimedPhase, number>> = {
  loading: 3,
  compiling: 3,
  evaluating: 6,
};

const NAMES: Readonly<Record<TimedPhase, string>> = {
  loading: "loading",
  compiling: "first step",
  evaluating: "evaluation",
};

/** The step the next grid is drawn after, from `step` on. */
export function nextGridStep(
  { evaluation, optimizer }: Pick<Experiment, "evaluation" | "optimizer">,
  step: number,
): number {
  const { firstGrid, gridEvery } = evaluation;
  const regular = (Math.floor(step / gridEvery) + 1) * gridEvery;
  const early = firstGrid > step ? firstGrid : Infinity;
  return Math.min(early, regular, optimizer.steps);
}

interface Timing {
  /** Of a step; null before the first. */
  readonly stepMs: number | null;
  /** Since the phase began. */
  readonly elapsedSeconds: number;
  /** How long phases took the last time. */
  readonly known: PhaseSeconds;
}

/** What the shown run waits for at this moment: images, what its phase does, and the next samples. */
export function waits(
  { run, data }: Pick<StudioState, "run" | "data">,
  { stepMs, elapsedSeconds, known }: Timing,
): readonly Wait[] {
  const found: Wait[] = [];
  const { progress } = data;
  if (progress && progress.imagesPerSecond > 0) {
    const seconds = (progress.total - progress.done) / progress.imagesPerSecond;
    found.push({ what: "images", seconds, about: false });
  }
  const { phase, experiment, step } = run;
  if (isTimed(phase)) {
    const whole = known[phase] ?? GUESSED_SECONDS[phase];
    // one that takes longer than the last time has no estimate any more
    if (elapsedSeconds < whole) {
      found.push({ what: NAMES[phase], seconds: whole - elapsedSeconds, about: true });
    }
  }
  if (experiment && phase === "training" && stepMs !== null) {
    const seconds = ((nextGridStep(experiment, step) - step) * stepMs) / 1000;
    found.push({ what: "samples", seconds, about: false });
  }
  return found;
}
