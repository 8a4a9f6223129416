import { z } from "zod";
import {
  LAYER_METRICS,
  SAMPLE_METRICS,
  STEP_METRICS,
  type LiveMetric,
  type SampleMetricId,
  type StepMetricId,
} from "../catalogue/liveMetrics";
import { recordOf } from "../math/records";
import type { Experiment } from "./experiment";
import { sameValue } from "./nonDefaults";
import { PRESETS } from "./presets";
import { SETTINGS, settingValue } from "./settings";

/** Lowest and highest value of the reference runs at a step. */
const Range = z.tuple([z.int().min(0), z.number(), z.number()]);
/** None where the band's file is older than the metric, or the metric is in no band. */
const Ranges = z.array(Range).default([]);

/** A value for every metric of a list. */
const byMetric = <Id extends string, Value>(
  metrics: readonly LiveMetric<Id>[],
  value: Value,
): Record<Id, Value> =>
  recordOf(
    metrics.map(({ id }) => id),
    () => value,
  );

/**
 * What the reference runs of one preset looked like: for every curve its range over the runs, from
 * `npm run bands` (scripts/bands.ts) and the runs of docs/results.md. A range over few runs is not a confidence band.
 */
export const ReferenceBand = z.strictObject({
  preset: z.string(),
  runs: z
    .array(
      z.strictObject({
        seed: z.int().min(0),
        steps: z.int().min(1),
        backend: z.string(),
        adapter: z.string(),
        datasetHash: z.string(),
        command: z.string(),
      }),
    )
    .min(1),
  /** Losses are smoothed with this weight; a range holds all smoothed values of `windowSteps` steps, at their middle. */
  smoothing: z.number().min(0).max(1),
  windowSteps: z.int().min(1),
  ...byMetric(STEP_METRICS, Ranges),
  /** Sample metrics in one space, at the steps they were measured. */
  space: z.string(),
  ...byMetric(SAMPLE_METRICS, Ranges),
  /** Agreement with one encoder, by block. */
  encoder: z.string(),
  ...byMetric(LAYER_METRICS, z.array(Ranges).default([])),
});
export type ReferenceBand = z.infer<typeof ReferenceBand>;
/** As it stands in a file. */
export type ReferenceBandFile = z.input<typeof ReferenceBand>;
export type BandRange = z.infer<typeof Range>;
/** Metrics of one curve. */
export type BandCurve = StepMetricId | SampleMetricId;

/** Presets whose reference runs were measured: public/bands has a file of each. */
export const PRESETS_WITH_BAND: readonly string[] = [
  "first-minute",
  "vanilla",
  "repa-against-vanilla",
  "repa-against-vanilla-0",
];

/** How long, how often, from which seed and when images came in: what a range over runs does not depend on. */
const FREE = new Set([
  "data.startEarly",
  "optimizer.seed",
  "optimizer.steps",
  "evaluation.gridEvery",
  "evaluation.firstGrid",
  "evaluation.metricsEvery",
  "evaluation.checkpointEvery",
  "sampling.gridSize",
]);

const COMPARED = SETTINGS.filter(
  ({ path, info }) => !FREE.has(path) && info.sameResult === undefined,
);

/** The preset whose reference runs an experiment repeats, up to its seed and length; undefined when there is none. */
export function bandPresetOf(experiment: Experiment): string | undefined {
  const same = (other: Experiment) =>
    COMPARED.every((setting) =>
      sameValue(settingValue(experiment, setting), settingValue(other, setting)),
    );
  return PRESETS.find(({ id, experiment: of }) => PRESETS_WITH_BAND.includes(id) && same(of))?.id;
}
