import type { Experiment } from "./experiment";

/** Settings with which a run whose loss was no number may go on from its last good checkpoint. */
export interface Remedy {
  /** After "Fork": "in float32". */
  readonly label: string;
  readonly wanted: Experiment;
}

/** How much smaller the rate and the clipped norm become: enough to matter, little enough to still train. */
const RATE_SHARE = 0.5;
const NORM_SHARE = 0.1;

/** Rounded to what is read at a glance. */
const brief = (value: number): number => Number(value.toPrecision(2));

/** What is tried first against a loss that is no number, one change each, in the order in which they cost least. */
export function remediesFor(experiment: Experiment): readonly Remedy[] {
  const { optimizer } = experiment;
  const { learningRate, maxGradNorm, mixedPrecision } = optimizer;
  const withOptimizer = (change: Partial<Experiment["optimizer"]>): Experiment => ({
    ...experiment,
    optimizer: { ...optimizer, ...change },
  });
  const rate = brief(RATE_SHARE * learningRate);
  const norm = maxGradNorm > 1 ? 1 : brief(NORM_SHARE * maxGradNorm);
  return [
    ...(mixedPrecision
      ? [{ label: "in float32", wanted: withOptimizer({ mixedPrecision: false }) }]
      : []),
    { label: `with a learning rate of ${rate}`, wanted: withOptimizer({ learningRate: rate }) },
    { label: `with gradients clipped at ${norm}`, wanted: withOptimizer({ maxGradNorm: norm }) },
  ];
}
