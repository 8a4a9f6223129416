import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { linspace } from "../../common/math/linspace";
import { scoreCoefficients, type PathKind } from "../../common/math/interpolant";
import type { VelocityFunction } from "./guidance";

/**
 * Called and awaited after every step, `index` from 1, with the state, which stays the sampler's: do not dispose it.
 * Here a worker handles its messages, and cancels by throwing.
 */
export type OnSamplerStep = (index: number, x: Tensor4D) => void | Promise<void>;

export interface SamplerOptions {
  readonly steps: number;
}

export interface SdeOptions extends SamplerOptions {
  readonly path: PathKind;
  /** Standard normal noise [B, H, W, C] of step `index` from 0, at most steps - 1 of them; disposed here. */
  readonly noise: (index: number) => Tensor4D;
}

/** Where the SDE stops adding noise and takes its last step to t = 0. */
const LAST_SDE_TIME = 0.04;

/** Times of an ODE sampler: steps + 1 values from 1 (noise) to 0 (data), float64. */
export const odeTimes = (steps: number): Float64Array => linspace(1, 0, steps + 1);

/** Times of the SDE sampler: `steps` values from 1 to 0.04, then 0. @source REPA samplers.py */
export const sdeTimes = (steps: number): Float64Array =>
  Float64Array.of(...linspace(1, LAST_SDE_TIME, steps), 0);

export type Step = (x: Tensor4D, from: number, to: number, index: number) => Tensor4D;

/** Runs `step` over a time grid. The caller owns `latents` and the result; everything else is disposed. */
export async function integrate(
  latents: Tensor4D,
  times: Float64Array,
  step: Step,
  onStep?: OnSamplerStep,
): Promise<Tensor4D> {
  let x = tf.clone(latents);
  try {
    for (let i = 0; i + 1 < times.length; i++) {
      const [from = 0, to = 0] = times.subarray(i, i + 2);
      const previous = x;
      x = tf.tidy(() => step(previous, from, to, i));
      previous.dispose();
      await onStep?.(i + 1, x);
    }
    return x;
  } catch (error) {
    x.dispose();
    throw error;
  }
}

/** Euler's method on the ODE dx = v dt. @source sihyun-yu/REPA samplers.py euler_sampler */
export const sampleEuler = (
  velocity: VelocityFunction,
  latents: Tensor4D,
  { steps }: SamplerOptions,
  onStep?: OnSamplerStep,
): Promise<Tensor4D> =>
  integrate(
    latents,
    odeTimes(steps),
    (x, from, to) => tf.add(x, tf.mul(velocity(x, from, from), to - from)),
    onStep,
  );

/**
 * Heun's second-order method on the ODE, its last step plain Euler: 2 steps - 1 evaluations.
 * @source Karras et al. (arXiv:2206.00364) Algorithm 1; sihyun-yu/REPA samplers.py euler_sampler with heun
 */
export const sampleHeun = (
  velocity: VelocityFunction,
  latents: Tensor4D,
  { steps }: SamplerOptions,
  onStep?: OnSamplerStep,
): Promise<Tensor4D> =>
  integrate(
    latents,
    odeTimes(steps),
    (x, from, to, index) => {
      const slope = velocity(x, from, from);
      const euler: Tensor4D = tf.add(x, tf.mul(slope, to - from));
      if (index === steps - 1) return euler;
      const slopeAtEnd = velocity(euler, to, from);
      return tf.add(x, tf.mul(tf.add(slope, slopeAtEnd), (to - from) / 2));
    },
    onStep,
  );

/**
 * Euler-Maruyama on the reverse SDE with diffusion w(t) = 2t: drift v - w/2 score, noise in all steps but
 * the last. Guidance of v is guidance of the drift, because the drift is affine in v with weight 1 - w/2 r/var.
 * @source SiT (arXiv:2401.08740) Eq. 5; sihyun-yu/REPA samplers.py euler_maruyama_sampler
 */
export const sampleEulerMaruyama = (
  velocity: VelocityFunction,
  latents: Tensor4D,
  { steps, path, noise }: SdeOptions,
  onStep?: OnSamplerStep,
): Promise<Tensor4D> =>
  integrate(
    latents,
    sdeTimes(steps),
    (x, from, to, index) => {
      const diffusion = 2 * from;
      const dt = to - from;
      const { onVelocity, onState } = scoreCoefficients(path, from);
      // x + (v - w/2 (a v + b x)) dt, collected by v and x
      const mean = tf.add<Tensor4D>(
        tf.mul(x, 1 - (diffusion / 2) * onState * dt),
        tf.mul(velocity(x, from, from), (1 - (diffusion / 2) * onVelocity) * dt),
      );
      if (index === steps - 1) return mean;
      return tf.add(mean, tf.mul(noise(index), Math.sqrt(diffusion * Math.abs(dt))));
    },
    onStep,
  );
