import { MODEL_SIZE_TABLE, type ModelShape } from "../../common/config/sizes";
import { StudioError } from "../../common/errors/studioError";
import { randomNormal, randomUniform } from "../../common/math/rng";
import { initProjector } from "../models/projector";
import type { TransformerShape } from "../models/transformer";
import { initTransformer, type InitialValues } from "../models/transformerInit";
import type { StepOptions } from "../training/trainStep";

/** A model and a batch size whose training step is measured. */
export interface Workload {
  readonly id: string;
  /** What it stands for, in one line. */
  readonly description: string;
  readonly shape: TransformerShape;
  /** P, width of the projector's inner layers. */
  readonly projectorWidth: number;
  /** Z, width of the features aligned with. */
  readonly featureWidth: number;
  /** Block whose hidden state is aligned, counted from 1. */
  readonly encoderDepth: number;
  /** B */
  readonly batch: number;
  /** B on SwiftShader, where a plain step takes a second an image and more. */
  readonly slowBatch: number;
}

const shapeOf = (model: ModelShape, inputSide: number, numClasses: number): TransformerShape => ({
  inputSide,
  inChannels: 4,
  patchSize: 2,
  width: model.width,
  depth: model.depth,
  numHeads: model.heads,
  numClasses,
  qkNorm: false,
  mlpRatio: 4,
  frequencySize: 256,
});

/** Latents 32x32x4 at patch 2 are 256 tokens; the projector and features are the paper's. */
const paperModel = (model: ModelShape) => ({
  shape: shapeOf(model, 32, 1000),
  projectorWidth: 2048,
  featureWidth: 768,
});

const onePaperBlock = (model: ModelShape) => ({
  ...paperModel({ ...model, depth: 1 }),
  encoderDepth: 1,
  batch: 2,
  slowBatch: 1,
});

/** What `npm run bench --workload all` and the page's bench measure: each runs on a software adapter as well. */
export const WORKLOADS: readonly Workload[] = [
  {
    id: "reference",
    description: "SiT width 128, depth 6, 4 heads, 64 tokens, projector to 192: 2.0 M parameters",
    shape: shapeOf({ width: 128, depth: 6, heads: 4 }, 16, 9),
    projectorWidth: 256,
    featureWidth: 192,
    encoderDepth: 4,
    batch: 16,
    slowBatch: 4,
  },
  {
    id: "nano",
    description: "SiT-Nano as the preset First minute trains it: width 128, depth 4, 64 tokens",
    shape: shapeOf(MODEL_SIZE_TABLE.Nano, 16, 9),
    projectorWidth: 256,
    featureWidth: 128,
    encoderDepth: 2,
    batch: 32,
    slowBatch: 4,
  },
  {
    id: "s2-block",
    description: "One block of SiT-S/2 on 256 tokens (width 384, 6 heads) with embedders and head",
    ...onePaperBlock(MODEL_SIZE_TABLE.S),
  },
  {
    id: "b2-block",
    description: "One block of SiT-B/2 on 256 tokens (width 768, 12 heads) with embedders and head",
    ...onePaperBlock(MODEL_SIZE_TABLE.B),
  },
];

/** Whole models of the paper, for real GPUs alone: a plain step of them takes gigabytes, and minutes on a CPU. */
export const FULL_SIZE_WORKLOADS: readonly Workload[] = [
  {
    id: "s2",
    description: "SiT-S/2 on 256 tokens: width 384, depth 12, 6 heads, projector to 768",
    ...paperModel(MODEL_SIZE_TABLE.S),
    encoderDepth: 4,
    batch: 32,
    slowBatch: 1,
  },
  {
    id: "b2",
    description: "SiT-B/2 on 256 tokens: width 768, depth 12, 12 heads, projector to 768",
    ...paperModel(MODEL_SIZE_TABLE.B),
    encoderDepth: 4,
    batch: 16,
    slowBatch: 1,
  },
];

/** The paper's largest model at its batch: for arithmetic on paper (bench/onPaper.ts) alone. */
export const PAPER_XL: Workload = {
  id: "xl2",
  description: "SiT-XL/2 on 256 tokens: width 1152, depth 28, 16 heads, projector to 768",
  ...paperModel(MODEL_SIZE_TABLE.XL),
  encoderDepth: 8,
  batch: 256,
  slowBatch: 1,
};

/** For tests of the benchmark itself; its times mean nothing. */
export const TINY_WORKLOAD: Workload = {
  id: "tiny",
  description: "A model far too small to time: width 16, depth 2, 16 tokens",
  shape: { ...shapeOf({ width: 16, depth: 2, heads: 2 }, 8, 9), frequencySize: 32 },
  projectorWidth: 32,
  featureWidth: 16,
  encoderDepth: 1,
  batch: 4,
  slowBatch: 4,
};

/** @throws StudioError BAD_CONFIG naming the workloads there are */
export function workloadById(id: string, batch?: number): Workload {
  const known = [...WORKLOADS, ...FULL_SIZE_WORKLOADS, TINY_WORKLOAD];
  const found = known.find((workload) => workload.id === id);
  if (found) return batch === undefined ? found : { ...found, batch };
  throw new StudioError(
    "BAD_CONFIG",
    `There is no workload "${id}".`,
    `Choose one of: ${known.map((workload) => workload.id).join(", ")}.`,
  );
}

/** The objective and optimiser of every measured step. */
export const workloadOptions = ({ shape, encoderDepth }: Workload): StepOptions => ({
  shape,
  path: "linear",
  alignment: {
    projCoeff: 0.5,
    encoderDepth,
    objective: "cosine",
    temperature: 0.1,
    projectors: [0],
  },
  adamW: { learningRate: 1e-4, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 },
  maxGradNorm: 1,
  emaDecay: 0.999,
});

const SEED = 0;
const MODULATION_STD = 0.02;

/** Zeros in the reference. With zeros the blocks are the identity, and a wrong kernel would not be found. */
const startsAtZero = (name: string) => /adaLN_modulation|^final_layer\.linear/.test(name);

/** First values of the model and its projector; those of adaLN-Zero and the head are small normals instead. */
export function workloadValues(workload: Workload): InitialValues {
  const { shape, projectorWidth, featureWidth } = workload;
  const projector = initProjector({
    seed: SEED,
    encoderId: "bench",
    index: 0,
    inDim: shape.width,
    width: projectorWidth,
    outDim: featureWidth,
  });
  return Object.fromEntries(
    Object.entries({ ...initTransformer(shape, SEED), ...projector }).map(([name, value]) => {
      if (!startsAtZero(name)) return [name, value];
      const key = { seed: SEED, stream: `bench/${name}` };
      const values = randomNormal(key, value.values.length).map((x) => x * MODULATION_STD);
      return [name, { shape: value.shape, values }];
    }),
  );
}

/** A batch as plain arrays, row-major, so that every library trains on the same numbers. */
export interface BatchArrays {
  /** [B, H, W, C] */
  readonly latents: Float32Array;
  readonly noise: Float32Array;
  /** [B] in [0, 1] */
  readonly t: Float32Array;
  /** [B] */
  readonly labels: Int32Array;
  /** [B, T, Z] */
  readonly features: Float32Array;
}

/** T of a workload. */
export const tokenCount = ({ shape }: Workload): number => (shape.inputSide / shape.patchSize) ** 2;

/** The synthetic batch of step `step`: a function of the step alone. */
export function workloadBatch(workload: Workload, step: number): BatchArrays {
  const { batch, shape, featureWidth } = workload;
  const normals = (what: string, count: number) =>
    randomNormal({ seed: SEED, stream: `bench/${what}/${step}` }, count);
  const latent = batch * shape.inputSide ** 2 * shape.inChannels;
  return {
    latents: normals("latents", latent),
    noise: normals("noise", latent),
    t: randomUniform({ seed: SEED, stream: `bench/t/${step}` }, batch),
    labels: Int32Array.from({ length: batch }, (_, i) => (i + step) % (shape.numClasses + 1)),
    features: normals("features", batch * tokenCount(workload) * featureWidth),
  };
}
