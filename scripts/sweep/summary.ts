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

/** What is kept of a finished run: a small file, committed. */
export const RunSummary = z.object({
  id: z.string(),
  settings: z.record(z.string(), z.json()),
  seed: z.int(),
  steps: z.int(),
  /** Mean over the last steps, and the median time of a step. */
  velocityLoss: number,
  stepMs: number,
  /** Of the block that agrees most with the run's first encoder, and that block, 1 first. */
  cknna: z.object({ encoder: z.string(), best: number, block: z.int(), chance: number }),
  /** By feature space. */
  quality: z.record(z.string(), Quality),
  device: z.object({ backend: z.string(), adapter: z.string() }),
  codeVersion: z.string(),
});
export type RunSummary = z.infer<typeof RunSummary>;

/** The figures of a space that a table shows. */
export const qualityOf = ({ coverage, ...figures }: SampleResult): Quality =>
  Quality.parse({ ...figures, precision: coverage.precision, recall: coverage.recall });

/**
 * Whether a run has to be made: not when its summary is there, of the same settings, with every space of the plan measured
 * on as many samples. A file that is no summary counts as none.
 */
export function isDone(stored: unknown, run: SweepRun, plan: SweepPlan): boolean {
  const summary = RunSummary.safeParse(stored);
  if (!summary.success) return false;
  const { settings, seed, quality } = summary.data;
  const sameRun = seed === run.seed && JSON.stringify(settings) === JSON.stringify(run.settings);
  return sameRun && plan.spaces.every((space) => quality[space]?.sampleCount === plan.sampleCount);
}
