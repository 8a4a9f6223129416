import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { InMemoryDataset } from "./inMemory";
import { builtInOnly } from "../../src/engine/encoders/modelSources";
import { loadAutoencoder } from "../../src/engine/encoders/loadAutoencoder";
import type { QualityTable } from "../../src/engine/encoders/modelCard";
import type { ReadFile } from "../../src/common/formats/readFile";
import { encodeMoments, type AutoencoderKlConfig } from "../../src/engine/models/autoencoderKl";
import type { ParamMap } from "../../src/engine/nn/params";
import { sampleTrain } from "./autoencoder";
import { imageTensor } from "./features";

const CHUNK = 32;
const SCALE_SAMPLE = 512;
/** Side of a latent pixel, in px: the control averages squares of this side. */
const FACTOR = 4;

const chunks = (images: readonly number[]): number[][] =>
  Array.from({ length: Math.ceil(images.length / CHUNK) }, (_, i) =>
    images.slice(i * CHUNK, (i + 1) * CHUNK),
  );

/** Mean squared error of each image on the scale of 0 to 1, of 8-bit pixels as they would be shown. */
async function squaredErrors(
  data: InMemoryDataset,
  images: readonly number[],
  restore: (images: Tensor4D) => Tensor4D,
): Promise<number[]> {
  const errors: number[] = [];
  for (const chunk of chunks(images)) {
    const perImage = tf.tidy(() => {
      const original = imageTensor(data, chunk);
      const toBytes = (x: Tensor4D) => tf.round(tf.mul(tf.add(tf.clipByValue(x, -1, 1), 1), 127.5));
      const error = tf.div(tf.sub(toBytes(restore(original)), toBytes(original)), 255);
      return tf.mean(tf.reshape(tf.square(error), [chunk.length, -1]), 1);
    });
    errors.push(...(await perImage.data<"float32">()));
    perImage.dispose();
  }
  return errors;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const decibels = (mse: number) => -10 * Math.log10(mse);
const rounded = (value: number) => Math.round(value * 100) / 100;

const figuresOf = (errors: readonly number[]) => ({
  psnrMean: rounded(mean(errors.map(decibels))),
  psnrOfMeanError: rounded(decibels(mean(errors))),
  psnrWorst: rounded(decibels(Math.max(...errors))),
});

/** Squares of 4 px averaged and enlarged again bilinearly: as many positions as the latents, three colours. */
const shrunk = (images: Tensor4D): Tensor4D =>
  tf.image.resizeBilinear(
    tf.avgPool(images, FACTOR, FACTOR, "valid"),
    [images.shape[1], images.shape[2]],
    false,
    true,
  );

/** Reconstruction of held-out concepts, from the file as committed, through the posterior's mean. */
export async function measureAutoencoder(
  data: InMemoryDataset,
  readModel: ReadFile,
): Promise<QualityTable> {
  const autoencoder = await loadAutoencoder("tiny-kl", data.resolution, builtInOnly(readModel));
  const restore = (images: Tensor4D) => autoencoder.decode(autoencoder.encodeMoments(images).mean);
  const heldOut = Array.from(data.heldOutIndices);
  const train = sampleTrain(data, heldOut.length);
  const rows = [
    { name: "Held-out concepts", figures: figuresOf(await squaredErrors(data, heldOut, restore)) },
    {
      name: "As many training images",
      figures: figuresOf(await squaredErrors(data, train, restore)),
    },
    {
      name: "Control: 16 x 16 averages enlarged, held-out concepts",
      figures: figuresOf(await squaredErrors(data, heldOut, shrunk)),
    },
  ];
  autoencoder.dispose();
  const scale = "dB, 8-bit pixels of the 64 px image, decoded from the posterior's mean";
  return {
    measuredOn: `${heldOut.length / 2} held-out concepts, ${heldOut.length} images`,
    measures: {
      psnrMean: `mean over images of each one's PSNR, ${scale}`,
      psnrOfMeanError: `PSNR of the mean squared error over all images, ${scale}`,
      psnrWorst: `PSNR of the worst image, ${scale}`,
    },
    rows,
  };
}

/** 1 / standard deviation of latents about their mean, over a fixed sample of training images. */
export async function measureScalingFactor(
  data: InMemoryDataset,
  params: ParamMap,
  config: AutoencoderKlConfig,
): Promise<number> {
  let [count, sum, squares] = [0, 0, 0];
  for (const chunk of chunks(sampleTrain(data, SCALE_SAMPLE))) {
    const latents = tf.tidy(() => encodeMoments(params, config, imageTensor(data, chunk)).mean);
    for (const value of await latents.data<"float32">()) {
      count++;
      sum += value;
      squares += value * value;
    }
    latents.dispose();
  }
  const std = Math.sqrt(squares / count - (sum / count) ** 2);
  return Number((1 / std).toPrecision(5));
}
