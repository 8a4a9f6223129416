import { linearSchedule, type DdpmSchedule } from "./ddpmSchedule";
import { interpolant, type PathKind } from "./interpolant";
import { randomUint32, type RandomKey } from "./rng";
import { timeOfRatio } from "./timeSampling";

/** The step of a DiT that is as noisy as a time t of a SiT. */
export interface EquivalentStep {
  /** From 0, the least noise. */
  readonly step: number;
  /** The time at which the path has exactly that step's noise: t, rounded to a step. */
  readonly time: number;
}

/** log of signal to noise, alpha² / sigma², of a step. */
const logSnr = ({ alphasCumprod }: DdpmSchedule, step: number): number => {
  const signal = alphasCumprod[step] ?? 0;
  return Math.log(signal / (1 - signal));
};

/** The time t in (0, 1) at which a path has the signal-to-noise ratio of a step. */
export const timeOfStep = (schedule: DdpmSchedule, path: PathKind, step: number): number =>
  timeOfRatio(path, Math.exp(-logSnr(schedule, step) / 2));

/**
 * The step whose signal-to-noise ratio is nearest to that of time t, by its logarithm. Ratios and not positions are compared:
 * half of the steps is far more noise than half of a path. Times beyond the schedule's ends give its first or last step.
 */
export function stepOfTime(schedule: DdpmSchedule, path: PathKind, t: number): EquivalentStep {
  const { alpha, sigma } = interpolant(path, t);
  const last = schedule.betas.length - 1;
  const [most, least] = [logSnr(schedule, 0), logSnr(schedule, last)];
  const wanted = Math.min(most, Math.max(least, 2 * Math.log(alpha / sigma)));
  const distance = (step: number) => Math.abs(logSnr(schedule, step) - wanted);
  let step = 0;
  for (let next = 1; next <= last; next++) if (distance(next) < distance(step)) step = next;
  return { step, time: timeOfStep(schedule, path, step) };
}

/** `stepOfTime` on the schedule DiT is trained with, in words for a figure: "step 258 of 1,000". */
export function sayStep(path: PathKind, t: number): string {
  const schedule = linearSchedule();
  const { step } = stepOfTime(schedule, path, t);
  return `step ${step} of ${schedule.betas.length.toLocaleString("en")}`;
}

/** `count` step numbers from 0 to `steps` - 1, each as likely, a function of the key alone; the modulo bias is below 2^-22. */
export const sampleSteps = (key: RandomKey, count: number, steps: number): Float32Array =>
  Float32Array.from(randomUint32(key, count), (word) => word % steps);
