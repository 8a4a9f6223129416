import type { Experiment } from "../../common/config/experiment";
import type { Measurement } from "../../common/protocol/trainer";

/** What a step owes besides its update. */
export interface Due {
  readonly grid: boolean;
  readonly figures: boolean;
  readonly checkpoint: boolean;
}

/** What is due after `step`. The last step gets all three. */
export function dueAfter(
  step: number,
  { evaluation, optimizer }: Pick<Experiment, "evaluation" | "optimizer">,
): Due {
  const due = (every: number) => step % every === 0 || step === optimizer.steps;
  return {
    grid: due(evaluation.gridEvery) || step === evaluation.firstGrid,
    figures: due(evaluation.metricsEvery),
    checkpoint: due(evaluation.checkpointEvery),
  };
}

/** Work that a closed tab or a flat battery may cost, in milliseconds of training. */
const MOST_LOST_MS = 120_000;
/** Checkpoints by time take at most one part in so many of a run's time. */
const SHARE = 20;

/**
 * Whether a checkpoint is due by time, beside those by steps. It changes nothing of what the run computes.
 * @param sinceMs since the last one, or since the run began or went on
 * @param tookMs how long the last one took
 */
export const isLateCheckpoint = (sinceMs: number, tookMs: number): boolean =>
  sinceMs > Math.max(MOST_LOST_MS, SHARE * tookMs);

/** Whether an evaluation's figures are all there: one of the samples, and one of each encoder that is aligned with. */
export function hasFigures(
  measured: readonly Measurement[],
  step: number,
  encoders: readonly string[],
): boolean {
  const here = measured.filter((one) => one.step === step);
  const aligned = here.flatMap((one) => (one.kind === "layerAlignment" ? one.encoder : []));
  return (
    here.some(({ kind }) => kind === "sampleQuality") &&
    encoders.every((encoder) => aligned.includes(encoder))
  );
}
