import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import { encode as encodePng } from "fast-png";
import type { Experiment } from "../config/experiment";
import { guidedVelocity } from "../diffusion/guidance";
import { interpolate } from "../diffusion/interpolate";
import { sampleEuler, sampleEulerMaruyama, sampleHeun } from "../diffusion/samplers";
import type { FeatureSpace } from "../encoders/featureSpace";
import type { LoadedAutoencoder } from "../encoders/loadAutoencoder";
import { randomNormal } from "../math/rng";
import { sitForward, type SiTShape } from "../models/sit";
import type { ParamMap } from "../nn/params";
import type { FeatureRows } from "../protocol/metrics";
import type { SampleGrid } from "../protocol/trainer";
import { sampleLatents } from "../training/batch";
import { imageBytes, imageTensor } from "./images";
import type { TrainingData } from "./trainingData";

/** Samples drawn at once, and held-out images passed at once: bounds memory. */
const CHUNK = 32;

export interface EvaluationContext {
  readonly experiment: Experiment;
  readonly shape: SiTShape;
  readonly autoencoder: LoadedAutoencoder;
  /** Where samples are measured. */
  readonly space: FeatureSpace;
  readonly data: TrainingData;
  /** Awaited between pieces of work: lets messages in, and throws when the run is over. */
  readonly between: () => Promise<void>;
}

/** Which fixed noise a set of samples starts from; sample i is the same for every run with this noise seed. */
type NoiseStream = "grid" | "metrics";

async function sampleChunk(
  { experiment, shape, between }: EvaluationContext,
  params: ParamMap,
  stream: NoiseStream,
  first: number,
  labels: readonly number[],
): Promise<Tensor4D> {
  const { sampling, transport } = experiment;
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
  const velocity = guidedVelocity((x, t, y) => sitForward(params, shape, x, t, y).velocity, {
    labels,
    nullLabel: shape.numClasses,
    scale: sampling.guidanceScale,
    low: sampling.guidanceLow,
    high: sampling.guidanceHigh,
  });
  const latents = noiseOf("start", 0);
  try {
    const { steps } = sampling;
    switch (sampling.solver) {
      case "euler":
        return await sampleEuler(velocity, latents, { steps }, between);
      case "heun":
        return await sampleHeun(velocity, latents, { steps }, between);
      case "euler-maruyama": {
        const noise = (index: number) => noiseOf("step", index);
        return await sampleEulerMaruyama(
          velocity,
          latents,
          { steps, path: transport.path, noise },
          between,
        );
      }
    }
  } finally {
    latents.dispose();
  }
}

/** `count` EMA samples as uint8 RGB, labels going round the classes; `use` gets each chunk in order. */
async function forEachSampleChunk(
  context: EvaluationContext,
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
    const latents = await sampleChunk(context, params, stream, first, labels);
    const images = tf.tidy(() => autoencoder.decode(tf.div(latents, autoencoder.scalingFactor)));
    latents.dispose();
    const rgb = await imageBytes(images);
    images.dispose();
    await use(rgb, first);
    await between();
  }
}

/** The sample grid of a step: same noise and labels at every step and in every run with this noise seed. */
export async function drawGrid(
  context: EvaluationContext,
  params: ParamMap,
  step: number,
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
  return { step, png: new Uint8Array(png).buffer, count, columns, tile, labels };
}

/** What the feature space says of `sampleCount` EMA samples: [n, width]. */
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
 * Token means of every block's hidden state on the held-out images at one noise level, without labels.
 * Latents and noise are fixed by the noise seed, so curves over steps show the model alone.
 * @returns one [n, D] a block
 */
export async function heldOutHidden(
  context: EvaluationContext,
  params: ParamMap,
): Promise<FeatureRows[]> {
  const { experiment, shape, data, between } = context;
  const { noiseSeed } = experiment.sampling;
  const count = data.heldOutImages.length;
  const layers = Array.from({ length: shape.depth }, () => new Float32Array(count * shape.width));
  const length = shape.inputSide ** 2 * shape.inChannels;
  for (let first = 0; first < count; first += CHUNK) {
    const rows = data.heldOutImages.subarray(first, first + CHUNK);
    const normals = (stream: string) =>
      randomNormal(
        { seed: noiseSeed, stream: `heldOut/${stream}`, index: first },
        rows.length * length,
      );
    const dims: [number, number, number, number] = [
      rows.length,
      shape.inputSide,
      shape.inputSide,
      shape.inChannels,
    ];
    const { latents, latentScale } = data.source;
    const moments = await latents.gather(rows);
    const means = tf.tidy(() => {
      const clean = sampleLatents(moments, latents.rowLength, normals("posterior"), latentScale);
      const t = new Float32Array(rows.length).fill(experiment.evaluation.cknnaTime);
      const noise = tf.tensor4d(normals("noise"), dims);
      const { xt } = interpolate(tf.tensor4d(clean, dims), noise, t, experiment.transport.path);
      const labels: Tensor1D = tf.fill([rows.length], shape.numClasses, "int32");
      return sitForward(params, shape, xt, t, labels).hidden.map((hidden) => tf.mean(hidden, 1));
    });
    for (const [layer, mean] of means.entries()) {
      layers[layer]?.set(await mean.data<"float32">(), first * shape.width);
      mean.dispose();
    }
    await between();
  }
  return layers.map((values) => ({ values, count, width: shape.width }));
}
