import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import { named } from "../kernels/named";

/** The network as samplers need it: x [N, H, W, C], times t [N] on the CPU, y [N] int32 -> velocity [N, H, W, C]. */
export type Network = (x: Tensor4D, t: Float32Array, y: Tensor1D) => Tensor4D;

/**
 * Velocity of x [B, H, W, C] at one time. `intervalTime` is the start of the sampler's step: whether guidance
 * acts depends on it, also for Heun's second evaluation at the end of the step.
 */
export type VelocityFunction = (x: Tensor4D, t: number, intervalTime: number) => Tensor4D;

export interface GuidanceOptions {
  /** Labels of the samples, [B]. */
  readonly labels: readonly number[] | Int32Array;
  /** The null class: numClasses. */
  readonly nullLabel: number;
  /** 1 is no guidance: one evaluation a step, of the labels only. */
  readonly scale: number;
  /** Guidance acts for low <= t <= high, both ends included. */
  readonly low: number;
  readonly high: number;
}

export const isGuided = ({ scale, low, high }: GuidanceOptions, intervalTime: number): boolean =>
  scale > 1 && low <= intervalTime && intervalTime <= high;

/**
 * Classifier-free guidance inside an interval, as a wrapper, so that samplers need not know about it:
 * v_null + scale (v_label - v_null) from one batch [x; x] with labels [y; null].
 * @source Kynkaanniemi et al. (arXiv:2404.07724); sihyun-yu/REPA samplers.py
 */
export const guidedVelocity = (network: Network, options: GuidanceOptions): VelocityFunction => {
  const labels = [...options.labels];
  const nullLabels = labels.map(() => options.nullLabel);
  const evaluate = (x: Tensor4D, t: number, y: readonly number[]) =>
    network(x, new Float32Array(y.length).fill(t), tf.tensor1d([...y], "int32"));
  return (x, t, intervalTime) =>
    tf.tidy(() => {
      if (!isGuided(options, intervalTime)) return evaluate(x, t, labels);
      const both = evaluate(tf.concat([x, x], 0), t, [...labels, ...nullLabels]);
      const { labelled, unlabelled } = named(
        ["labelled", "unlabelled"],
        tf.split<Tensor4D>(both, 2, 0),
      );
      return tf.add(unlabelled, tf.mul(tf.sub(labelled, unlabelled), options.scale));
    });
};
