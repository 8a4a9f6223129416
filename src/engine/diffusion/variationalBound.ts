import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { DdpmSchedule } from "../../common/math/ddpmSchedule";
import { withRankOf } from "../kernels/ranks";
import type { NoisePrediction } from "./noisePrediction";
import { backward } from "../nn/backward";
import { customOp } from "../nn/customOp";
import { learnedLogVariance } from "./learnedVariance";
import { velocityLoss } from "./velocityLoss";

/** Numbers of a sample that the bound reads: see `boundCoefficients`. */
export const BOUND_COLUMNS = 4;

/** Half a grey level of an image in [-1, 1]: latents are no images, but the reference treats them as such. */
const HALF_BIN = 1 / 255;
/** Beyond it the data fills an end bin. */
const END_OF_SCALE = 0.999;
/** The least likelihood, as a floor of logarithms. */
const LEAST_LIKELIHOOD = 1e-12;
/** Beyond it, the distribution function below is 0 or 1 to within that floor; nothing overflows before it. */
const FAR = 10;

/** What a step's bound is computed from besides the prediction. */
export interface BoundGiven {
  /** Predicted noise minus noise, [B, H, W, C]. */
  readonly error: Tensor4D;
  /** Clean latents, [B, H, W, C]. */
  readonly xStar: Tensor4D;
  /** `boundCoefficients`, [B, 4]. */
  readonly coefficients: Tensor2D;
}

/** sqrt(alphasCumprod), sqrt(1 - alphasCumprod), 0, 1 of each step, [B, 4] flat: `Interpolate` then gives x_t and, as its target, the noise. */
export const noisingCoefficients = (steps: Float32Array, schedule: DdpmSchedule): Float32Array =>
  Float32Array.from(
    [...steps].flatMap((step) => {
      const signal = schedule.alphasCumprod[step] ?? NaN;
      return [Math.sqrt(signal), Math.sqrt(1 - signal), 0, 1];
    }),
  );

/**
 * Of each step, [B, 4] flat: log of the largest and of the least variance of the step back; by how much an error of the noise
 * moves its mean; and 1 at the first step, else 0.
 */
export const boundCoefficients = (steps: Float32Array, schedule: DdpmSchedule): Float32Array =>
  Float32Array.from(
    [...steps].flatMap((step) => {
      const signal = schedule.alphasCumprod[step] ?? NaN;
      return [
        Math.log(schedule.betas[step] ?? NaN),
        schedule.posteriorLogVariance[step] ?? NaN,
        (schedule.posteriorOnData[step] ?? NaN) * Math.sqrt(1 / signal - 1),
        step === 0 ? 1 : 0,
      ];
    }),
  );

/** Column k of [B, 4], so that it broadcasts over latents. */
const column = (coefficients: Tensor2D, k: number): Tensor4D =>
  tf.reshape(tf.slice(coefficients, [0, k], [-1, 1]), [-1, 1, 1, 1]);

/** KL of two normals with log variances `least` (the true one) and `predicted`, whose means differ by `offset`; nats. */
const divergence = (offset: Tensor4D, predicted: Tensor4D, least: Tensor4D): Tensor4D => {
  const ofVariances = tf.add(tf.sub(tf.sub(predicted, least), 1), tf.exp(tf.sub(least, predicted)));
  return tf.mul(tf.add(ofVariances, tf.mul(tf.square(offset), tf.exp(tf.neg(predicted)))), 0.5);
};

/** The normal distribution function, by the approximation the reference has. */
const distribution = (x: Tensor4D): Tensor4D => {
  const near: Tensor4D = tf.clipByValue(x, -FAR, FAR);
  const cubic = tf.add(near, tf.mul(tf.mul(tf.square(near), near), 0.044715));
  return tf.mul(tf.add(tf.tanh(tf.mul(cubic, Math.sqrt(2 / Math.PI))), 1), 0.5);
};

const logOf = (likelihood: Tensor4D): Tensor4D => tf.log(tf.maximum(likelihood, LEAST_LIKELIHOOD));

/** -log of the likelihood of the grey level of x_0 that a normal around x_0 - `offset` gives; nats. */
function decoderCost(offset: Tensor4D, predicted: Tensor4D, xStar: Tensor4D): Tensor4D {
  const scale = tf.exp(tf.mul(predicted, -0.5));
  const above = distribution(tf.mul(scale, tf.add(offset, HALF_BIN)));
  const below = distribution(tf.mul(scale, tf.sub(offset, HALF_BIN)));
  const isLow = tf.cast(tf.less(xStar, -END_OF_SCALE), "float32");
  const isHigh = tf.cast(tf.greater(xStar, END_OF_SCALE), "float32");
  const isBetween = tf.sub(tf.sub(1, isLow), isHigh);
  const logLikelihood = tf.addN<Tensor4D>([
    tf.mul(isLow, logOf(above)),
    tf.mul(isHigh, logOf(tf.sub(1, below))),
    tf.mul(isBetween, logOf(tf.sub(above, below))),
  ]);
  return tf.neg(logLikelihood);
}

/** The bound of each sample, [B], in bits a latent pixel, with everything but the variance a number. */
function boundOf(variance: Tensor4D, { error, xStar, coefficients }: BoundGiven): Tensor1D {
  const least = column(coefficients, 1);
  const predicted = learnedLogVariance(variance, least, column(coefficients, 0));
  // the true mean minus the predicted one: taken from the noises' difference, it loses no digits
  const offset = tf.mul<Tensor4D>(column(coefficients, 2), error);
  const isFirst = column(coefficients, 3);
  const terms = tf.add(
    tf.mul(isFirst, decoderCost(offset, predicted, xStar)),
    tf.mul(tf.sub(1, isFirst), divergence(offset, predicted, least)),
  );
  return tf.mul(tf.mean(terms, [1, 2, 3]), 1 / Math.LN2);
}

/**
 * The variational bound of each sample, [B], in bits a latent pixel: the divergence of the predicted step back from the true
 * one, or at the first step the cost of the data. It trains the variance alone: the predicted noise gets no gradient. Only
 * its inputs are kept; the backward pass computes it again.
 * @param variance a DiT's `variance`, [B, H, W, C]
 * @source Nichol and Dhariwal (arXiv:2102.09672) section 3.1; Ho et al. (arXiv:2006.11239) Eq. 5 and 13
 */
export const variationalBound = (variance: Tensor4D, given: BoundGiven): Tensor1D =>
  customOp({
    inputs: { variance },
    constants: { ...given },
    forward: (all) => ({ value: tf.tidy(() => boundOf(all.variance, all)), saved: all }),
    backward: (dy, saved) => {
      const again = () => boundOf(saved.variance, saved);
      const { value, gradients } = backward(again, [saved.variance], dy);
      value.dispose();
      return { variance: withRankOf(gradients[0] ?? tf.zerosLike(saved.variance), saved.variance) };
    },
  });

/**
 * The improved-DDPM loss of a batch: mean (eps - noise)² plus the bound, both means over samples.
 * @param noise the noise of x_t, [B, H, W, C]
 * @source REPA (arXiv:2410.06940) appendix, Eq. 10 to 12; Nichol and Dhariwal (arXiv:2102.09672) Eq. 16, with weight 1 on the bound of one step
 */
export function iddpmLoss(
  { eps, variance }: NoisePrediction,
  noise: Tensor4D,
  given: Pick<BoundGiven, "xStar" | "coefficients">,
): Scalar {
  const bound = variationalBound(variance, { ...given, error: tf.sub(eps, noise) });
  return tf.add(velocityLoss(eps, noise), tf.mean<Scalar>(bound));
}
