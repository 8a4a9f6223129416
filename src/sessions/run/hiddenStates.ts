import * as tf from "@tensorflow/tfjs-core";
import type { Rank, Tensor, Tensor3D } from "@tensorflow/tfjs-core";
import type { Experiment } from "../../common/config/experiment";
import { hasNullLabel } from "../../common/config/nullLabel";
import { interpolateWith } from "../../engine/diffusion/interpolate";
import { randomNormal } from "../../common/math/rng";
import { transformerForward, type TransformerShape } from "../../engine/models/transformer";
import type { ParamMap } from "../../engine/nn/params";
import type { FeatureRows } from "../../common/protocol/metrics";
import { sampleLatents } from "../../engine/training/batch";
import { noiseLevels } from "./noiseLevels";
import type { TrainingData } from "./trainingData";

/**
 * Images given to the model at once. It bounds the memory needed; the noise depends on it as well, see `HiddenInput`.
 */
const CHUNK = 32;

export interface HiddenContext {
  readonly experiment: Experiment;
  readonly shape: TransformerShape;
  readonly data: Pick<TrainingData, "source">;
  /** Awaited between pieces of work. Lets messages be handled, and throws when the work is to end. */
  readonly between: () => Promise<void>;
}

/** What the model is given: always with the null label, or with the images' own where there is none. */
export interface HiddenInput {
  readonly images: Uint32Array;
  /** Noise level t; a DiT is given the step of equal signal-to-noise ratio. */
  readonly time: number;
  /** Latents and noise are fixed by the noise seed, this name and an image's place in the list. */
  readonly stream: string;
  /** Gets the share that is done, 0 to 1. */
  readonly report?: (share: number) => void;
}

const ownLabels = ({ labels }: TrainingData["source"], images: Uint32Array): Int32Array =>
  Int32Array.from(images, (image) => labels[image] ?? 0);

/** Runs the model on chunks of images, and reads every block's hidden state [n, tokens, width] after `reduce`. */
async function forEachHidden(
  { experiment, shape, data, between }: HiddenContext,
  params: ParamMap,
  { images, time, stream, report }: HiddenInput,
  reduce: (hidden: Tensor3D) => Tensor,
  use: (values: Float32Array, layer: number, first: number) => void,
): Promise<void> {
  const { latents, latentScale } = data.source;
  const length = shape.inputSide ** 2 * shape.inChannels;
  for (let first = 0; first < images.length; first += CHUNK) {
    const rows = images.subarray(first, first + CHUNK);
    const normals = (name: string) =>
      randomNormal(
        { seed: experiment.sampling.noiseSeed, stream: `${stream}/${name}`, index: first },
        rows.length * length,
      );
    const dims: [number, number, number, number] = [
      rows.length,
      shape.inputSide,
      shape.inputSide,
      shape.inChannels,
    ];
    const moments = await latents.gather(rows);
    const reduced = tf.tidy(() => {
      const clean = sampleLatents(moments, latents.rowLength, normals("posterior"), latentScale);
      const { t, coefficients } = noiseLevels(
        experiment,
        Array.from(rows, () => time),
      );
      const noise = tf.tensor4d(normals("noise"), dims);
      const mixing = tf.tensor2d(coefficients, [rows.length, 4]);
      const { xt } = interpolateWith(tf.tensor4d(clean, dims), noise, mixing);
      const labels = hasNullLabel(experiment)
        ? tf.fill<Rank.R1>([rows.length], shape.numClasses, "int32")
        : tf.tensor1d(ownLabels(data.source, rows), "int32");
      return transformerForward(params, shape, xt, t, labels).hidden.map(reduce);
    });
    try {
      for (const [layer, tensor] of reduced.entries()) {
        use(await tensor.data<"float32">(), layer, first);
      }
    } finally {
      tf.dispose(reduced);
    }
    report?.((first + rows.length) / images.length);
    await between();
  }
}

/** Token means of every block's hidden state. @returns one [n, D] a block */
export async function hiddenMeans(
  context: HiddenContext,
  params: ParamMap,
  input: HiddenInput,
): Promise<FeatureRows[]> {
  const { depth, width } = context.shape;
  const count = input.images.length;
  const layers = Array.from({ length: depth }, () => new Float32Array(count * width));
  const mean = (hidden: Tensor3D) => tf.mean(hidden, 1);
  await forEachHidden(context, params, input, mean, (values, layer, first) =>
    layers[layer]?.set(values, first * width),
  );
  return layers.map((values) => ({ values, count, width }));
}

/** Every block's hidden state token by token. @returns one [n x tokens, D] a block */
export async function hiddenTokens(
  context: HiddenContext,
  params: ParamMap,
  input: HiddenInput,
): Promise<FeatureRows[]> {
  const { depth, width, inputSide, patchSize } = context.shape;
  const tokens = (inputSide / patchSize) ** 2;
  const count = input.images.length * tokens;
  const layers = Array.from({ length: depth }, () => new Float32Array(count * width));
  const asIs = (hidden: Tensor3D) => hidden;
  await forEachHidden(context, params, input, asIs, (values, layer, first) =>
    layers[layer]?.set(values, first * tokens * width),
  );
  return layers.map((values) => ({ values, count, width }));
}

/** Random stream of the noise on held-out images, for a run's own figures and for an analysis. */
export const HELD_OUT_STREAM = "heldOut";
