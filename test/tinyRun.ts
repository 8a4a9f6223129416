import * as tf from "@tensorflow/tfjs-core";
import { randomNormal, randomUniform } from "../src/common/math/rng";
import { initProjector } from "../src/engine/models/projector";
import type { TransformerShape } from "../src/engine/models/transformer";
import { initTransformer, type InitialValues } from "../src/engine/models/transformerInit";
import type { StepOptions, TrainBatch } from "../src/engine/training/trainStep";

/** The smallest model that has everything, for tests of behaviour rather than of numbers. */
export const TINY_SHAPE: TransformerShape = {
  inputSide: 4,
  inChannels: 2,
  patchSize: 2,
  width: 8,
  depth: 2,
  numHeads: 2,
  numClasses: 3,
  qkNorm: false,
  mlpRatio: 2,
  frequencySize: 8,
};

export const TINY_FEATURES = 6;

export const tinyProjector = (index: number, encoderId = `encoder-${index}`): InitialValues =>
  initProjector({
    seed: 0,
    encoderId,
    index,
    inDim: TINY_SHAPE.width,
    width: 10,
    outDim: TINY_FEATURES,
  });

export const tinyValues = (shape: TransformerShape = TINY_SHAPE): InitialValues => ({
  ...initTransformer(shape, 0),
  ...tinyProjector(0),
});

export const TINY_OPTIONS: StepOptions = {
  shape: TINY_SHAPE,
  path: "linear",
  alignment: {
    projCoeff: 0.5,
    encoderDepth: 1,
    objective: "cosine",
    temperature: 0.1,
    projectors: [0],
  },
  adamW: { learningRate: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 },
  maxGradNorm: 1,
  emaDecay: 0.9,
};

const BATCH = 3;

const normals = (stream: string, shape: number[], seed: number) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return tf.tensor(randomNormal({ seed, stream }, count), shape);
};

/** A batch of three for the tiny model; `features` for as many encoders as asked. The caller disposes it. */
export function tinyBatch(
  encoders = 1,
  shape: TransformerShape = TINY_SHAPE,
  seed = 7,
): TrainBatch {
  const { inputSide, inChannels, patchSize } = shape;
  const latents = [BATCH, inputSide, inputSide, inChannels];
  const tokens = (inputSide / patchSize) ** 2;
  return {
    latents: normals("latents", latents, seed) as tf.Tensor4D,
    noise: normals("noise", latents, seed) as tf.Tensor4D,
    t: randomUniform({ seed, stream: "t" }, BATCH),
    labels: Int32Array.of(0, 2, 3),
    features: Array.from(
      { length: encoders },
      (_, i) => normals(`features ${i}`, [BATCH, tokens, TINY_FEATURES], seed) as tf.Tensor3D,
    ),
  };
}

/** The batch of one step: every number of it is another at another step. The caller disposes it. */
export const tinyBatchAt = (step: number): TrainBatch => {
  const { numClasses } = TINY_SHAPE;
  const labels = Int32Array.from({ length: BATCH }, (_, i) => (step + i) % (numClasses + 1));
  return { ...tinyBatch(1, TINY_SHAPE, 1000 + step), labels };
};

export const disposeBatch = ({ latents, noise, features }: TrainBatch): void =>
  tf.dispose([latents, noise, ...features]);
