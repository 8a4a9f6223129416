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
    grid: due(evaluation.gridEvery),
    figures: due(evaluation.metricsEvery),
    checkpoint: due(evaluation.checkpointEvery),
  };
}

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
