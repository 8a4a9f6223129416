import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { linearSchedule } from "../../common/math/ddpmSchedule";
import { timeOfStep } from "../../common/math/ddpmTime";
import type { PathKind } from "../../common/math/interpolant";
import { named } from "../kernels/named";
import { asNoisePrediction, type NoisePrediction } from "./noisePrediction";
import type { NoiseFunction } from "./ddpmSamplers";
import { isGuided, type GuidanceOptions, type Network } from "./guidance";

/** Channels of the noise that guidance acts on: all, or the first three as in the released DiT. */
export type GuidedChannels = "all" | "first-three";

export interface NoiseGuidanceOptions extends GuidanceOptions {
  readonly channels: GuidedChannels;
  /** The path on which `low` and `high` are times: a step acts at the time of equal signal-to-noise ratio. */
  readonly path: PathKind;
}

/** null + scale (label - null). */
const extrapolated = (labelled: Tensor4D, unlabelled: Tensor4D, scale: number): Tensor4D =>
  tf.add(unlabelled, tf.mul(tf.sub(labelled, unlabelled), scale));

const RELEASED_CHANNELS = 3;

/** Guidance on the first three channels alone; the others stay as the label's own prediction has them. */
function firstThree(labelled: Tensor4D, unlabelled: Tensor4D, scale: number): Tensor4D {
  const channels = labelled.shape[3];
  if (channels <= RELEASED_CHANNELS) return extrapolated(labelled, unlabelled, scale);
  const parts = [RELEASED_CHANNELS, channels - RELEASED_CHANNELS];
  const names = ["guided", "own"] as const;
  const label = named(names, tf.split<Tensor4D>(labelled, parts, 3));
  const none = named(names, tf.split<Tensor4D>(unlabelled, parts, 3));
  return tf.concat([extrapolated(label.guided, none.guided, scale), label.own], 3);
}

/** The guided noise of a prediction with a label and one without; the variance is the label's own. */
export function guidedPrediction(
  labelled: NoisePrediction,
  unlabelled: NoisePrediction,
  { scale, channels }: Pick<NoiseGuidanceOptions, "scale" | "channels">,
): NoisePrediction {
  const guide = channels === "all" ? extrapolated : firstThree;
  return { eps: guide(labelled.eps, unlabelled.eps, scale), variance: labelled.variance };
}

/**
 * Classifier-free guidance of a DiT, from one batch [x; x] with labels [y; null], as a wrapper: no sampler knows of it.
 * @param network gives [N, H, W, 2C]
 * @source Ho and Salimans (arXiv:2207.12598); for the first three channels facebookresearch/DiT, test/golden/dit `cfg`
 */
export const guidedNoise = (network: Network, options: NoiseGuidanceOptions): NoiseFunction => {
  const labels = [...options.labels];
  const nullLabels = labels.map(() => options.nullLabel);
  const schedule = linearSchedule();
  const evaluate = (x: Tensor4D, timestep: number, y: readonly number[]) =>
    network(x, new Float32Array(y.length).fill(timestep), tf.tensor1d([...y], "int32"));
  return (x, timestep) => {
    if (!isGuided(options, timeOfStep(schedule, options.path, timestep))) {
      return asNoisePrediction(evaluate(x, timestep, labels));
    }
    const both = evaluate(tf.concat([x, x], 0), timestep, [...labels, ...nullLabels]);
    const { labelled, unlabelled } = named(
      ["labelled", "unlabelled"],
      tf.split<Tensor4D>(both, 2, 0).map(asNoisePrediction),
    );
    return guidedPrediction(labelled, unlabelled, options);
  };
};
