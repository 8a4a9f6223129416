import { z } from "zod";
import type { SampleResult } from "../../src/common/protocol/analysis";
import type { SweepPlan, SweepRun } from "./plan";

const number = z.number();
const Quality = z.object({
  sampleCount: z.int(),
  referenceCount: z.int(),
  kid: number,
  kidLow: number,
  kidHigh: number,
  kidFloor: number,
  frechetTop: number,
  frechetFloor: number,
  frechetFull: number,
  precision: number,
  recall: number,
});
export type Quality = z.infer<typeof Quality>;

/** What is measured of a checkpoint. */
const Measured = z.object({
  /** Agreement with each encoder, by block, 1 first. */
  cknna: z.array(z.object({ encoder: z.string(), blocks: z.array(number), chance: number })),
  /** Accuracy of a linear probe by block and the share of the most frequent class; null where none was asked for. */
  probe: z.object({ blocks: z.array(number), majority: number, trainCount: z.int() }).nullable(),
  /** By feature space. */
  quality: z.record(z.string(), Quality),
});
export type Measured = z.infer<typeof Measured>;

/** What is kept of a finished run: a small file, committed. */
export const RunSummary = Measured.extend({
  id: z.string(),
  settings: z.record(z.string(), z.json()),
  seed: z.int(),
  steps: z.int(),
  /** Mean over the last steps, and the median time of a step. */
  velocityLoss: number,
  stepMs: number,
  /** The same at earlier steps, ascending, where the plan asks for it. */
  before: z.array(Measured.extend({ step: z.int() })).optional(),
  device: z.object({ backend: z.string(), adapter: z.string() }),
  codeVersion: z.string(),
});
export type RunSummary = z.infer<typeof RunSummary>;

/** The figures of a space that a table shows. */
export const qualityOf = ({ coverage, ...figures }: SampleResult): Quality =>
  Quality.parse({ ...figures, precision: coverage.precision, recall: coverage.recall });

/**
 * Whether a run is made: its summary is there, of the same settings, with every space of the plan measured on as many
 * samples, every encoder compared with, and the probe. A file that is no summary counts as none.
 */
export function isDone(stored: unknown, run: SweepRun, plan: SweepPlan): boolean {
  const summary = RunSummary.safeParse(stored);
  if (!summary.success) return false;
  const { settings, seed, before = [] } = summary.data;
  const sameRun = seed === run.seed && JSON.stringify(settings) === JSON.stringify(run.settings);
  const { alsoAt } = plan;
  const isWhole = ({ quality, cknna, probe }: Measured, sampleCount: number) =>
    plan.spaces.every((space) => quality[space]?.sampleCount === sampleCount) &&
    (plan.encoders ?? []).every((id) => cknna.some(({ encoder }) => encoder === id)) &&
    (plan.probe === null || probe !== null);
  return (
    sameRun &&
    isWhole(summary.data, plan.sampleCount) &&
    (alsoAt?.steps ?? []).every((step) =>
      before.some((one) => one.step === step && isWhole(one, alsoAt?.sampleCount ?? 0)),
    )
  );
}
