import type { Experiment } from "./experiment";

/** Images by the side of the hold-out they are on. */
interface Counts {
  readonly train: number;
  readonly heldOut: number;
}

/**
 * The fewest images a run can be started on before its caches are complete: those of one batch, and as many held-out ones
 * as CKNNA needs for its k neighbours. A data set that has fewer is needed whole.
 */
export const leastImages = (
  { optimizer, evaluation }: Pick<Experiment, "optimizer" | "evaluation">,
  all: Counts = { train: Infinity, heldOut: Infinity },
): Counts => ({
  train: Math.min(optimizer.batchSize, all.train),
  heldOut: Math.min(evaluation.cknnaK + 2, all.heldOut),
});

/** Whether so many images are enough. */
export const enoughImages = (here: Counts, least: Counts): boolean =>
  here.train >= Math.max(1, least.train) && here.heldOut >= least.heldOut;
