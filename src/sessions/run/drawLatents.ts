import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { Experiment } from "../../common/config/experiment";
import { pathOfTimes } from "../../common/config/noiseLevel";
import { guidanceInForce } from "../../common/config/nullLabel";
import { linearSchedule, spacedSchedule, spacedSteps } from "../../common/math/ddpmSchedule";
import { randomNormal } from "../../common/math/rng";
import { sampleAncestral, sampleDdim } from "../../engine/diffusion/ddpmSamplers";
import {
  guidedVelocity,
  type GuidanceOptions,
  type Network,
} from "../../engine/diffusion/guidance";
import { guidedNoise } from "../../engine/diffusion/noiseGuidance";
import { sampleEuler, sampleEulerMaruyama, sampleHeun } from "../../engine/diffusion/samplers";
import { transformerForward, type TransformerShape } from "../../engine/models/transformer";
import type { ParamMap } from "../../engine/nn/params";

/** Which fixed noise a set of samples starts from; sample i is the same for every run with this noise seed. */
export type NoiseStream = "grid" | "metrics";

/** What samples are drawn with. */
export interface DrawingContext {
  readonly experiment: Experiment;
  readonly shape: TransformerShape;
  /** Awaited after every step of the sampler. Lets messages be handled, and throws when the run is to end. */
  readonly between: () => Promise<void>;
}

/** One chunk of samples on the way. */
interface Drawing extends DrawingContext {
  readonly network: Network;
  readonly guidance: GuidanceOptions;
  readonly latents: Tensor4D;
  /** Noise of the sampler's step `index`. */
  readonly noise: (index: number) => Tensor4D;
}

/** A SiT's samples: its velocity integrated over the path. */
function followVelocity(drawing: Drawing): Promise<Tensor4D> {
  const { experiment, network, guidance, latents, noise, between } = drawing;
  const { sampling, transport } = experiment;
  const velocity = guidedVelocity(network, guidance);
  const { steps } = sampling;
  switch (sampling.solver) {
    case "euler":
      return sampleEuler(velocity, latents, { steps }, between);
    case "heun":
      return sampleHeun(velocity, latents, { steps }, between);
    case "euler-maruyama": {
      const options = { steps, path: transport.path, noise };
      return sampleEulerMaruyama(velocity, latents, options, between);
    }
  }
}

/** A DiT's samples: steps back through the diffusion, evenly spaced over those it is trained with. */
function stepBack(drawing: Drawing): Promise<Tensor4D> {
  const { experiment, network, guidance, latents, noise, between } = drawing;
  const { steps, ddpmSampler, guidedChannels: channels } = experiment.sampling;
  const whole = linearSchedule();
  const schedule = spacedSchedule(whole, spacedSteps(whole.betas.length, [steps]));
  const predict = guidedNoise(network, { ...guidance, channels, path: pathOfTimes(experiment) });
  switch (ddpmSampler) {
    case "ancestral":
      return sampleAncestral(predict, latents, { schedule, noise }, between);
    case "ddim":
      return sampleDdim(predict, latents, { schedule }, between);
  }
}

/**
 * Latents drawn with some labels, scaled as the model has them: [labels, H, W, C], the caller's. A function of weights,
 * experiment, stream and sample numbers.
 * @param first number of the first sample
 */
export async function drawLatents(
  context: DrawingContext,
  params: ParamMap,
  stream: NoiseStream,
  first: number,
  labels: readonly number[],
): Promise<Tensor4D> {
  const { experiment, shape } = context;
  const { sampling } = experiment;
  const { inputSide: side, inChannels: channels } = shape;
  const length = side * side * channels;
  const noiseOf = (name: string, index: number) => {
    const values = new Float32Array(labels.length * length);
    labels.forEach((_, i) => {
      const key = {
        seed: sampling.noiseSeed,
        stream: `${stream}/${name}/${index}`,
        index: first + i,
      };
      values.set(randomNormal(key, length), i * length);
    });
    return tf.tensor4d(values, [labels.length, side, side, channels]);
  };
  const latents = noiseOf("start", 0);
  const drawing: Drawing = {
    ...context,
    network: (x, t, y) => transformerForward(params, shape, x, t, y).output,
    guidance: {
      labels,
      nullLabel: shape.numClasses,
      scale: guidanceInForce(experiment),
      low: sampling.guidanceLow,
      high: sampling.guidanceHigh,
    },
    latents,
    noise: (index) => noiseOf("step", index),
  };
  try {
    return await (experiment.model.family === "dit" ? stepBack(drawing) : followVelocity(drawing));
  } finally {
    latents.dispose();
  }
}
