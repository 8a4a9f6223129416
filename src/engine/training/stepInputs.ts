import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { linearSchedule } from "../../common/math/ddpmSchedule";
import { pathCoefficients } from "../diffusion/interpolate";
import {
  BOUND_COLUMNS,
  boundCoefficients,
  noisingCoefficients,
} from "../diffusion/variationalBound";
import type { PathKind } from "../../common/math/interpolant";
import type { TransformerShape } from "../models/transformer";
import { timeFeatureValues } from "../nn/embedders";
import type { TrainBatch } from "./trainBatch";

/** All that a step's loss reads besides the parameters, as tensors: what changes from step to step. */
export interface StepInputs {
  readonly latents: Tensor4D;
  readonly noise: Tensor4D;
  /**
   * alpha, sigma, dAlpha, dSigma of each sample, [B, 4]: what x_t is mixed from, and what is predicted. A DiT predicts the noise:
   * its last two are 0 and 1.
   */
  readonly coefficients: Tensor2D;
  /** What a DiT's variational bound reads of each sample, [B, 4]; absent in a SiT, which has none. */
  readonly bound?: Tensor2D;
  /** Sinusoidal features of the times, [B, frequencySize]. */
  readonly timeFeatures: Tensor2D;
  /** Labels [B], int32. */
  readonly labels: Tensor1D;
  readonly features: readonly Tensor3D[];
  /** λ: a tensor, so that another value changes no command of a recorded step. */
  readonly projCoeff: Scalar;
}

/** What the inputs of a batch are computed from. */
export interface InputOptions {
  readonly shape: Pick<TransformerShape, "family" | "frequencySize">;
  readonly path: PathKind;
  readonly projCoeff: number;
}

/** How the samples of a batch are noised: along a SiT's path, or by a DiT's steps. */
function noisingOf(
  t: Float32Array,
  { shape, path }: InputOptions,
): { readonly coefficients: Float32Array; readonly bound?: Float32Array } {
  if (shape.family !== "dit") return { coefficients: pathCoefficients(t, path) };
  const schedule = linearSchedule();
  return {
    coefficients: noisingCoefficients(t, schedule),
    bound: boundCoefficients(t, schedule),
  };
}

/** The parts of the inputs that are computed on the CPU, in float64. */
export const computedInputs = ({ t, labels }: TrainBatch, options: InputOptions) => ({
  ...noisingOf(t, options),
  timeFeatures: timeFeatureValues(t, options.shape.frequencySize),
  labels,
  projCoeff: Float32Array.of(options.projCoeff),
});

/** A batch as inputs. Latents, noise and features stay the batch's own; the caller's tidy scope has the rest. */
export function stepInputs(batch: TrainBatch, options: InputOptions): StepInputs {
  const { coefficients, bound, timeFeatures, labels, projCoeff } = computedInputs(batch, options);
  const count = labels.length;
  return {
    latents: batch.latents,
    noise: batch.noise,
    features: batch.features,
    coefficients: tf.tensor2d(coefficients, [count, 4]),
    ...(bound && { bound: tf.tensor2d(bound, [count, BOUND_COLUMNS]) }),
    timeFeatures: tf.tensor2d(timeFeatures, [count, options.shape.frequencySize]),
    labels: tf.tensor1d(labels, "int32"),
    projCoeff: tf.scalar(projCoeff[0] ?? 0),
  };
}
