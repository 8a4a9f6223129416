import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { interpolateWith } from "../diffusion/interpolate";
import type { StudioBackend } from "../kernels/studioBackend";
import { sitForward } from "../models/sit";
import type { ParamMap } from "../nn/params";
import { stepInputs } from "../training/stepInputs";
import { disposeBatch, type TrainBatch } from "../training/trainBatch";
import { createTrainState, disposeState } from "../training/trainState";
import { lossAndGradients } from "../training/trainStep";
import { toTrainBatch } from "./trainerVariant";
import { workloadBatch, workloadOptions, workloadValues, type Workload } from "./workloads";

/** |a - b| / |b|, both l2 norms over all numbers; 0 where they are equal. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] ?? NaN) - (b[i] ?? NaN)) ** 2;
    size += (b[i] ?? NaN) ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / size);
}

/** Everything a step computes before the update, on the CPU. */
export interface StepNumbers {
  /** [velocityLoss, projLoss] */
  readonly losses: Float32Array;
  /** The model's output [B, H, W, C]. */
  readonly velocity: Float32Array;
  /** By parameter. */
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

const readAndDispose = async (tensor: Tensor): Promise<Float32Array> => {
  const values = await tensor.data<"float32">();
  tensor.dispose();
  return values;
};

function velocityOf(params: ParamMap, batch: TrainBatch, workload: Workload): Tensor {
  const { shape, path, alignment } = workloadOptions(workload);
  return tf.tidy(() => {
    const inputs = stepInputs(batch, { shape, path, projCoeff: alignment.projCoeff });
    const { xt } = interpolateWith(inputs.latents, inputs.noise, inputs.coefficients);
    return sitForward(params, shape, xt, inputs.timeFeatures, inputs.labels).velocity;
  });
}

/** Output, losses and gradients of a workload's first step on the backend in force. */
export async function stepNumbers(workload: Workload): Promise<StepNumbers> {
  const state = createTrainState(workloadValues(workload));
  const batch = toTrainBatch(workload, workloadBatch(workload, 0));
  const velocity = await readAndDispose(velocityOf(state.params, batch, workload));
  const found = lossAndGradients(state.params, batch, workloadOptions(workload));
  const { velocityLoss, projLoss, total } = found.losses;
  total.dispose();
  const losses = [await readAndDispose(velocityLoss), await readAndDispose(projLoss)];
  const gradients: Record<string, Float32Array> = {};
  for (const [name, gradient] of Object.entries(found.gradients)) {
    gradients[name] = await readAndDispose(gradient);
  }
  disposeBatch(batch);
  disposeState(state);
  return { losses: Float32Array.from(losses, ([loss = NaN]) => loss), velocity, gradients };
}

/** How far one way of computing a step is from another. */
export interface StepErrors {
  readonly losses: number;
  readonly velocity: number;
  /** Of each parameter's gradient, the largest first. */
  readonly gradients: readonly { readonly name: string; readonly error: number }[];
  /** Over the parameters. */
  readonly medianGradient: number;
  readonly maxGradient: number;
}

/** Relative errors of `found` against `expected`. */
export function stepErrors(found: StepNumbers, expected: StepNumbers): StepErrors {
  const gradients = Object.entries(expected.gradients)
    .map(([name, values]) => ({ name, error: relativeError(found.gradients[name] ?? [], values) }))
    .sort((a, b) => b.error - a.error);
  return {
    losses: relativeError(found.losses, expected.losses),
    velocity: relativeError(found.velocity, expected.velocity),
    gradients,
    medianGradient: gradients[Math.floor(gradients.length / 2)]?.error ?? NaN,
    maxGradient: gradients[0]?.error ?? NaN,
  };
}

/** Runs `work` with matrix products in float16 or float32. Devices without shader-f16 compute in float32 anyway. */
export async function withPrecision<T>(
  backend: StudioBackend,
  mixed: boolean,
  work: () => Promise<T>,
): Promise<T> {
  const before = backend.mixedPrecision;
  backend.mixedPrecision = mixed;
  try {
    return await work();
  } finally {
    backend.mixedPrecision = before;
  }
}
