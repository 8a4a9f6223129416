import type { Experiment } from "../../common/config/experiment";
import { pathOfTimes } from "../../common/config/noiseLevel";
import { linearSchedule } from "../../common/math/ddpmSchedule";
import { stepOfTime } from "../../common/math/ddpmTime";
import { pathCoefficients } from "../../engine/diffusion/interpolate";
import { noisingCoefficients } from "../../engine/diffusion/variationalBound";

/** Samples at noise levels, one each. */
export interface NoiseLevels {
  /** What the network is told: a SiT's times, a DiT's steps. */
  readonly t: Float32Array;
  /** How clean latents are mixed with noise, [B, 4] flat, for `interpolateWith`. */
  readonly coefficients: Float32Array;
}

/** Noise levels t as an experiment's family has them: a DiT is at the step of equal signal-to-noise ratio. */
export function noiseLevels(experiment: Experiment, times: readonly number[]): NoiseLevels {
  const path = pathOfTimes(experiment);
  if (experiment.model.family === "sit") {
    const t = Float32Array.from(times);
    return { t, coefficients: pathCoefficients(t, path) };
  }
  const schedule = linearSchedule();
  const stepBy = new Map(times.map((time) => [time, stepOfTime(schedule, path, time).step]));
  const t = Float32Array.from(times, (time) => stepBy.get(time) ?? 0);
  return { t, coefficients: noisingCoefficients(t, schedule) };
}
