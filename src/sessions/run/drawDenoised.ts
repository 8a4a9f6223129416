import * as tf from "@tensorflow/tfjs-core";
import { encode as encodePng } from "fast-png";
import type { Experiment } from "../../common/config/experiment";
import { randomNormal } from "../../common/math/rng";
import type { DenoisedStrip } from "../../common/protocol/trainer";
import { denoisedFrom } from "../../engine/diffusion/denoised";
import { interpolateWith } from "../../engine/diffusion/interpolate";
import type { LoadedAutoencoder } from "../../engine/encoders/loadAutoencoder";
import { transformerForward, type TransformerShape } from "../../engine/models/transformer";
import type { ParamMap } from "../../engine/nn/params";
import { sampleLatents } from "../../engine/training/batch";
import type { ImageDataset } from "../../sources/data/dataset";
import { imageBytes } from "../common/images";
import { noiseLevels } from "./noiseLevels";
import type { TrainingData } from "./trainingData";

/** Noise levels that are shown: nearer to 1 a DiT's x_0 is divided by almost no signal. */
const TIMES = [0.1, 0.3, 0.5, 0.7, 0.9] as const;

/** The part of an evaluation's context that the strip needs. */
export interface DenoisedContext {
  readonly experiment: Experiment;
  readonly shape: TransformerShape;
  readonly autoencoder: Pick<LoadedAutoencoder, "decode" | "scalingFactor">;
  readonly data: Pick<TrainingData, "source" | "heldOutImages"> & {
    readonly dataset: Pick<ImageDataset, "readRgb" | "resolution">;
  };
  /** Awaited at the end. Lets messages be handled, and throws when the run is to end. */
  readonly between: () => Promise<void>;
}

/** The predicted x_0 of one image at every noise level, decoded: uint8 RGB [times, side, side, 3]. */
async function denoisedImages(
  { experiment, shape, autoencoder, data }: DenoisedContext,
  params: ParamMap,
  image: number,
): Promise<Uint8Array> {
  const { latents, latentScale, labels } = data.source;
  const { inputSide: side, inChannels: channels } = shape;
  const count = TIMES.length;
  const length = side * side * channels;
  const moments = await latents.gather([image]);
  // the mean of the image's latents, and the same noise at every level
  const clean = sampleLatents(moments, latents.rowLength, new Float32Array(length), latentScale);
  const key = { seed: experiment.sampling.noiseSeed, stream: "denoised/noise", index: 0 };
  const noise = randomNormal(key, length);
  const { t, coefficients } = noiseLevels(experiment, TIMES);
  const images = tf.tidy(() => {
    const repeated = (values: Float32Array) =>
      tf.tile(tf.tensor4d(values, [1, side, side, channels]), [count, 1, 1, 1]);
    const mixing = tf.tensor2d(coefficients, [count, 4]);
    const { xt } = interpolateWith(repeated(clean), repeated(noise), mixing);
    const y = tf.fill<tf.Rank.R1>([count], labels[image] ?? 0, "int32");
    const { output } = transformerForward(params, shape, xt, t, y);
    // a DiT's first channels are the noise, those after them its variance
    const predicted = tf.slice(output, [0, 0, 0, 0], [-1, -1, -1, channels]);
    const data = denoisedFrom(predicted, xt, coefficients);
    return autoencoder.decode(tf.div(data, autoencoder.scalingFactor));
  });
  try {
    return await imageBytes(images);
  } finally {
    images.dispose();
  }
}

/** Square tiles [n, side, side, 3], one beside the other, as a PNG. */
function rowPng(tiles: readonly Uint8Array[], side: number): ArrayBuffer {
  const width = tiles.length * side;
  const data = new Uint8Array(width * side * 3);
  tiles.forEach((tile, column) => {
    for (let y = 0; y < side; y++) {
      const row = tile.subarray(y * side * 3, (y + 1) * side * 3);
      data.set(row, (y * width + column * side) * 3);
    }
  });
  const png = encodePng({ width, height: side, data, channels: 3, depth: 8 });
  return new Uint8Array(png).buffer;
}

/**
 * What a model thinks a held-out image is: the x_0 it predicts, given its class, from that image at several noise levels. Image
 * and noise are the same at every step, and in every run with this data and noise seed.
 */
export async function drawDenoised(
  context: DenoisedContext,
  params: ParamMap,
): Promise<DenoisedStrip> {
  const { dataset, heldOutImages } = context.data;
  const [image = 0] = heldOutImages;
  const side = dataset.resolution;
  const rgb = await denoisedImages(context, params, image);
  const size = side * side * 3;
  const views = TIMES.map((_, i) => rgb.subarray(i * size, (i + 1) * size));
  const png = rowPng([await dataset.readRgb([image]), ...views], side);
  await context.between();
  return { png, tile: side, times: TIMES };
}
