import * as tf from "@tensorflow/tfjs-core";
import { encode as encodePng } from "fast-png";
import type { Experiment } from "../../common/config/experiment";
import type { FeatureSpace } from "../../engine/encoders/featureSpace";
import type { LoadedAutoencoder } from "../../engine/encoders/loadAutoencoder";
import type { TransformerShape } from "../../engine/models/transformer";
import type { ParamMap } from "../../engine/nn/params";
import type { FeatureRows } from "../../common/protocol/metrics";
import type { SampleGrid } from "../../common/protocol/trainer";
import { drawDenoised } from "./drawDenoised";
import { drawLatents, type NoiseStream } from "./drawLatents";
import { HELD_OUT_STREAM, hiddenMeans } from "./hiddenStates";
import { imageBytes, imageTensor } from "../common/images";
import type { TrainingData } from "./trainingData";

/** Samples drawn at once. It bounds the memory needed. */
const CHUNK = 32;

export interface EvaluationContext {
  readonly experiment: Experiment;
  readonly shape: TransformerShape;
  readonly autoencoder: LoadedAutoencoder;
  /** Where samples are measured. */
  readonly space: FeatureSpace;
  readonly data: TrainingData;
  /** Awaited between pieces of work. Lets messages be handled, and throws when the run is to end. */
  readonly between: () => Promise<void>;
}

/** The part of the context that drawing samples needs. */
export type SamplingContext = Pick<
  EvaluationContext,
  "experiment" | "shape" | "autoencoder" | "between"
>;

/** `count` EMA samples as uint8 RGB. Labels cycle through the classes; `use` gets each chunk in order. */
export async function forEachSampleChunk(
  context: SamplingContext,
  params: ParamMap,
  stream: NoiseStream,
  count: number,
  use: (rgb: Uint8Array, first: number) => Promise<void>,
): Promise<void> {
  const { autoencoder, shape, between } = context;
  for (let first = 0; first < count; first += CHUNK) {
    const labels = Array.from(
      { length: Math.min(CHUNK, count - first) },
      (_, i) => (first + i) % shape.numClasses,
    );
    const latents = await drawLatents(context, params, stream, first, labels);
    const images = tf.tidy(() => autoencoder.decode(tf.div(latents, autoencoder.scalingFactor)));
    latents.dispose();
    const rgb = await imageBytes(images);
    images.dispose();
    await use(rgb, first);
    await between();
  }
}

/**
 * The sample grid of a step: same noise and labels at every step and in every run with this noise seed.
 * @param hasAllImages without it there is no strip of what the model thinks x_0 is: its image may not be encoded yet
 */
export async function drawGrid(
  context: EvaluationContext,
  params: ParamMap,
  step: number,
  hasAllImages: boolean,
): Promise<SampleGrid> {
  const { gridSize: count } = context.experiment.sampling;
  const tile = context.data.dataset.resolution;
  const columns = Math.ceil(Math.sqrt(count));
  const [width, height] = [columns * tile, Math.ceil(count / columns) * tile];
  const canvas = new Uint8Array(width * height * 3).fill(255);
  await forEachSampleChunk(context, params, "grid", count, (rgb, first) => {
    const images = rgb.length / (tile * tile * 3);
    for (let i = 0; i < images; i++) {
      const [row, column] = [Math.floor((first + i) / columns), (first + i) % columns];
      for (let y = 0; y < tile; y++) {
        const from = (i * tile + y) * tile * 3;
        canvas.set(
          rgb.subarray(from, from + tile * 3),
          ((row * tile + y) * width + column * tile) * 3,
        );
      }
    }
    return Promise.resolve();
  });
  const labels = Array.from({ length: count }, (_, i) => i % context.shape.numClasses);
  const png = encodePng({ width, height, data: canvas, channels: 3, depth: 8 });
  const grid = { step, png: new Uint8Array(png).buffer, count, columns, tile, labels };
  return hasAllImages ? { ...grid, denoised: await drawDenoised(context, params) } : grid;
}

/** Features of `sampleCount` EMA samples in the context's space: [n, width]. */
export async function sampleFeatures(
  context: EvaluationContext,
  params: ParamMap,
): Promise<FeatureRows> {
  const { space, data, experiment } = context;
  const count = experiment.evaluation.sampleCount;
  const { width } = space;
  const values = new Float32Array(count * width);
  const { resolution } = data.dataset;
  await forEachSampleChunk(context, params, "metrics", count, async (rgb, first) => {
    const pooled = tf.tidy(() => space.describe(imageTensor(rgb, resolution)).pooled);
    values.set(await pooled.data<"float32">(), first * width);
    pooled.dispose();
  });
  return { values, count, width };
}

/**
 * `hiddenMeans` of the held-out images at the experiment's noise level. Images and noise are the same at every step.
 */
export const heldOutHidden = (
  context: EvaluationContext,
  params: ParamMap,
): Promise<FeatureRows[]> =>
  hiddenMeans(context, params, {
    images: context.data.heldOutImages,
    time: context.experiment.evaluation.cknnaTime,
    stream: HELD_OUT_STREAM,
  });
