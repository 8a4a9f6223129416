import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { pathCoefficients } from "../diffusion/interpolate";
import type { PathKind } from "../../common/math/interpolant";
import type { TransformerShape } from "../models/transformer";
import { timeFeatureValues } from "../nn/embedders";
import type { TrainBatch } from "./trainBatch";

/** All that a step's loss reads besides the parameters, as tensors: what changes from step to step. */
export interface StepInputs {
  readonly latents: Tensor4D;
  readonly noise: Tensor4D;
  /** alpha, sigma, dAlpha, dSigma of each sample, [B, 4]. */
  readonly coefficients: Tensor2D;
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
  readonly shape: Pick<TransformerShape, "frequencySize">;
  readonly path: PathKind;
  readonly projCoeff: number;
}

/** The parts of the inputs that are computed on the CPU, in float64. */
export const computedInputs = ({ t, labels }: TrainBatch, options: InputOptions) => ({
  coefficients: pathCoefficients(t, options.path),
  timeFeatures: timeFeatureValues(t, options.shape.frequencySize),
  labels,
  projCoeff: Float32Array.of(options.projCoeff),
});

/** A batch as inputs. Latents, noise and features stay the batch's own; the caller's tidy scope has the rest. */
export function stepInputs(batch: TrainBatch, options: InputOptions): StepInputs {
  const { coefficients, timeFeatures, labels, projCoeff } = computedInputs(batch, options);
  const count = labels.length;
  return {
    latents: batch.latents,
    noise: batch.noise,
    features: batch.features,
    coefficients: tf.tensor2d(coefficients, [count, 4]),
    timeFeatures: tf.tensor2d(timeFeatures, [count, options.shape.frequencySize]),
    labels: tf.tensor1d(labels, "int32"),
    projCoeff: tf.scalar(projCoeff[0] ?? 0),
  };
}
