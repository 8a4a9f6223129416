import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";
import { run } from "../kernels/operation";
import { AdamWUpdate } from "../kernels/updateOps";
import type { ParamMap } from "../nn/params";

export interface AdamWOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  /** Added to the root of the second moment; 1e-8 in the reference. */
  readonly eps: number;
  /** Decoupled: parameters shrink by learningRate * weightDecay a step, apart from the gradient. */
  readonly weightDecay: number;
}

/** First and second moments under the parameters' names; torch's `exp_avg` and `exp_avg_sq`. */
export interface AdamWState {
  readonly expAvg: ParamMap;
  readonly expAvgSq: ParamMap;
}

/** Zero moments for the named parameters. */
export const initAdamW = (params: ParamMap, names: readonly string[]): AdamWState => {
  const zeros = () =>
    Object.fromEntries(names.map((name) => [name, tf.zeros(params[name]?.shape ?? [])]));
  return { expAvg: zeros(), expAvgSq: zeros() };
};

/** One parameter and its moments. */
export interface AdamWTensors {
  readonly p: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
}

/** The step's numbers as scalars on the device, created once: tf.mul uploads a plain number each time. */
function stepScalars(
  { learningRate, beta1, beta2, eps, weightDecay }: AdamWOptions,
  update: number,
) {
  const rootCorrection = Math.sqrt(1 - beta2 ** update);
  return {
    keepFirst: tf.scalar(1 - beta1),
    beta2: tf.scalar(beta2),
    keepSecond: tf.scalar(1 - beta2),
    // m / (1 - b1^k) / (sqrt(v / (1 - b2^k)) + eps), multiplied through by the root of 1 - b2^k
    rate: tf.scalar((learningRate * rootCorrection) / (1 - beta1 ** update)),
    eps: tf.scalar(eps * rootCorrection),
    keep: tf.scalar(1 - learningRate * weightDecay),
  };
}

/**
 * AdamW with the numbers of one step, a parameter at a time: the result is new tensors and disposes nothing. What it
 * holds itself belongs to the caller's tidy scope.
 * @param updateOf which update of its own this is for a parameter, counted from 1, for the bias corrections:
 *   a projector that joined late or was inactive has fewer updates than the run, as in torch
 * @param gradientScale scalar the gradients are multiplied by first: the clip coefficient
 * @source torch.optim.AdamW; Loshchilov and Hutter (arXiv:1711.05101)
 */
export function createAdamW(
  options: AdamWOptions,
  updateOf: (name: string) => number,
  gradientScale: Scalar,
): (name: string, before: AdamWTensors, gradient: Tensor) => AdamWTensors {
  const scalars = new Map<number, ReturnType<typeof stepScalars>>();
  const scalarsOf = (update: number) => {
    const made = scalars.get(update) ?? stepScalars(options, update);
    scalars.set(update, made);
    return made;
  };
  const decays = options.weightDecay > 0;
  return (name, before, g) => {
    const inputs = { ...before, g, scale: gradientScale, ...scalarsOf(updateOf(name)) };
    return tf.tidy(() => {
      const { newP: p, newM: m, newV: v } = run(AdamWUpdate, inputs, { decays });
      return { p, m, v };
    });
  };
}

/**
 * One AdamW update, pure: new tensors for every name in `gradients`; the other entries of the maps are
 * passed on as they are (a parameter without a gradient is neither moved nor decayed). Disposes nothing.
 * @param updateOf, gradientScale as of createAdamW
 */
export function adamWUpdate(
  params: ParamMap,
  gradients: ParamMap,
  state: AdamWState,
  options: AdamWOptions,
  updateOf: (name: string) => number,
  gradientScale: Scalar,
): { params: ParamMap } & AdamWState {
  return tf.tidy(() => {
    const update = createAdamW(options, updateOf, gradientScale);
    const next: Record<"params" | "expAvg" | "expAvgSq", Record<string, Tensor>> = {
      params: { ...params },
      expAvg: { ...state.expAvg },
      expAvgSq: { ...state.expAvgSq },
    };
    for (const [name, gradient] of Object.entries(gradients)) {
      const [p, m, v] = [params[name], state.expAvg[name], state.expAvgSq[name]];
      if (!p || !m || !v) continue;
      const updated = update(name, { p, m, v }, gradient);
      next.params[name] = updated.p;
      next.expAvg[name] = updated.m;
      next.expAvgSq[name] = updated.v;
    }
    return next;
  });
}
