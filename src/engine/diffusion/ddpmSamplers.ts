import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { DdpmSchedule } from "../../common/math/ddpmSchedule";
import type { NoisePrediction } from "./noisePrediction";
import { learnedLogVariance } from "./learnedVariance";
import { integrate, type OnSamplerStep } from "./samplers";

/** The network as these samplers need it: x [B, H, W, C] at one of the steps it was trained with. */
export type NoiseFunction = (x: Tensor4D, timestep: number) => NoisePrediction;

export interface DdpmOptions {
  /** Of as many steps as shall be taken (`spacedSchedule`). */
  readonly schedule: DdpmSchedule;
  /** Whether the data a step predicts is held to [-1, 1]. Latents are not: false in DiT. */
  readonly clip?: boolean;
}

export interface AncestralOptions extends DdpmOptions {
  /** Standard normal noise [B, H, W, C] of step `index` from 0, at most steps - 1 of them; disposed here. */
  readonly noise: (index: number) => Tensor4D;
}

/** Steps from the noisiest to the first, then -1 for data: the grid that `integrate` walks. */
const stepsBack = ({ betas }: DdpmSchedule): Float64Array =>
  Float64Array.from({ length: betas.length + 1 }, (_, i) => betas.length - 1 - i);

/** Schedule values of one step. */
function at(schedule: DdpmSchedule, step: number) {
  const value = (values: Float64Array) => values[step] ?? NaN;
  const signal = value(schedule.alphasCumprod);
  return {
    timestep: schedule.timesteps[step] ?? NaN,
    /** x_0 = onState x - onNoise eps. */
    onState: Math.sqrt(1 / signal),
    onNoise: Math.sqrt(1 / signal - 1),
    signalBefore: value(schedule.alphasCumprodPrev),
    largest: Math.log(value(schedule.betas)),
    least: value(schedule.posteriorLogVariance),
    posteriorOnData: value(schedule.posteriorOnData),
    posteriorOnState: value(schedule.posteriorOnState),
  };
}

/** The data a step predicts: x_0 from x and the noise in it. */
export function predictedData(
  x: Tensor4D,
  eps: Tensor4D,
  schedule: DdpmSchedule,
  step: number,
  clip = false,
): Tensor4D {
  const { onState, onNoise } = at(schedule, step);
  const data = tf.sub<Tensor4D>(tf.mul(x, onState), tf.mul(eps, onNoise));
  return clip ? tf.clipByValue(data, -1, 1) : data;
}

/** The step back as a normal distribution: its mean and the log of its variance, both [B, H, W, C]. */
export function stepBack(
  x: Tensor4D,
  { eps, variance }: NoisePrediction,
  { schedule, clip = false }: DdpmOptions,
  step: number,
): { mean: Tensor4D; logVariance: Tensor4D } {
  const { largest, least, posteriorOnData, posteriorOnState } = at(schedule, step);
  const data = predictedData(x, eps, schedule, step, clip);
  const mean = tf.add<Tensor4D>(tf.mul(data, posteriorOnData), tf.mul(x, posteriorOnState));
  return { mean, logVariance: learnedLogVariance(variance, least, largest) };
}

/**
 * Ancestral sampling: each step back is drawn from the normal that the network predicts; the last adds no noise.
 * @source Ho et al. (arXiv:2006.11239) Algorithm 2; variances of Nichol and Dhariwal (arXiv:2102.09672) Eq. 15
 */
export const sampleAncestral = (
  predict: NoiseFunction,
  latents: Tensor4D,
  options: AncestralOptions,
  onStep?: OnSamplerStep,
): Promise<Tensor4D> =>
  integrate(
    latents,
    stepsBack(options.schedule),
    (x, step, _, index) => {
      const prediction = predict(x, at(options.schedule, step).timestep);
      const { mean, logVariance } = stepBack(x, prediction, options, step);
      if (step === 0) return mean;
      return tf.add(mean, tf.mul(tf.exp(tf.mul(logVariance, 0.5)), options.noise(index)));
    },
    onStep,
  );

/**
 * DDIM without noise: the predicted data, noised again to the step before by the same noise. The variance is not used.
 * @source Song et al. (arXiv:2010.02502) Eq. 12 with sigma = 0
 */
export const sampleDdim = (
  predict: NoiseFunction,
  latents: Tensor4D,
  options: DdpmOptions,
  onStep?: OnSamplerStep,
): Promise<Tensor4D> =>
  integrate(
    latents,
    stepsBack(options.schedule),
    (x, step) => {
      const { schedule, clip } = options;
      const { timestep, onState, onNoise, signalBefore } = at(schedule, step);
      const { eps } = predict(x, timestep);
      const data = predictedData(x, eps, schedule, step, clip);
      // of data that was held to its range, the noise is what is left
      const noise = clip ? tf.div(tf.sub(tf.mul(x, onState), data), onNoise) : eps;
      return tf.add(
        tf.mul(data, Math.sqrt(signalBefore)),
        tf.mul(noise, Math.sqrt(1 - signalBefore)),
      );
    },
    onStep,
  );
