import { z } from "zod";

/** Step and value, in the order of steps. */
const Curve = z.array(z.tuple([z.int().min(0), z.number()])).max(1000);

const RecordedRun = z.strictObject({
  name: z.string().min(1).max(40),
  projCoeff: z.number().min(0),
  /** Velocity loss, smoothed and thinned out. */
  losses: Curve.min(2),
  /** CKNNA of the block that agrees most with the encoder, at the steps it was measured. */
  cknna: Curve,
  /** Sample grids beside this file, by step. */
  grids: z
    .array(z.strictObject({ step: z.int().min(0), file: z.string().regex(/^[\w-]+\.webp$/) }))
    .min(1)
    .max(40),
});
export type RecordedRun = z.infer<typeof RecordedRun>;

/** Real runs, recorded by `npm run record` for the page that has none yet: public/recorded/runs.json. */
export const RecordedRuns = z.strictObject({
  recordedOn: z.iso.date(),
  adapter: z.string().min(1),
  codeVersion: z.string(),
  /** How each was made. */
  commands: z.array(z.string()).min(1),
  /** Steps of the longest. */
  steps: z.int().min(1),
  batchSize: z.int().min(1),
  images: z.int().min(1),
  /** Weight of the average the losses were smoothed with. */
  smoothing: z.number().min(0).max(1),
  runs: z.array(RecordedRun).min(1).max(4),
});
export type RecordedRuns = z.infer<typeof RecordedRuns>;

/** All of public/recorded together. */
export const MOST_RECORDED_BYTES = 400_000;
