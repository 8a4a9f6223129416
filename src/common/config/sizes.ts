import { autoencoderRow } from "../catalogue/autoencoders";
import type { Experiment } from "./experiment";
import type { ModelFamily } from "./modelFamily";
import { hasNullLabel, labelRows } from "./nullLabel";
import type { MODEL_SIZES } from "./experiment";

export type NamedSize = Exclude<(typeof MODEL_SIZES)[number], "custom">;

export interface ModelShape {
  /** Features of a token, D. */
  readonly width: number;
  /** Transformer blocks. */
  readonly depth: number;
  readonly heads: number;
}

/** @source S to XL: REPA models/sit.py, SiT_models. Nano and Micro are ours, for a laptop's first minute. */
export const MODEL_SIZE_TABLE: Readonly<Record<NamedSize, ModelShape>> = {
  Nano: { width: 128, depth: 4, heads: 4 },
  Micro: { width: 256, depth: 6, heads: 4 },
  S: { width: 384, depth: 12, heads: 6 },
  B: { width: 768, depth: 12, heads: 12 },
  L: { width: 1024, depth: 24, heads: 16 },
  XL: { width: 1152, depth: 28, heads: 16 },
};

/** Width, depth and heads of the model: the table's row, or the custom fields when the size is custom. */
export function modelShape(model: Experiment["model"]): ModelShape {
  if (model.size !== "custom") return MODEL_SIZE_TABLE[model.size];
  return { width: model.width, depth: model.depth, heads: model.heads };
}

/** What a data set fixes, whatever is trained on it. */
export interface DataShape {
  /** Side of its images, px. */
  readonly resolution: number;
  readonly classes: number;
  /** Things it shows, and how many images it has of each; the hold-out never splits one. */
  readonly groups: number;
  readonly imagesPerGroup: number;
}

/** The built-in images: concepts in two drawing styles (src/sources/data/emoji.ts). */
export const EMOJI_SHAPE: DataShape = {
  resolution: 64,
  classes: 9,
  groups: 1906,
  imagesPerGroup: 2,
};

/** The shape of the data an experiment names; that of the built-in images while none is chosen. */
export function dataShape({ dataset, imported }: Experiment["data"]): DataShape {
  if (dataset === "emoji" || !imported) return EMOJI_SHAPE;
  const { resolution, classes, images } = imported;
  return { resolution, classes, groups: images, imagesPerGroup: 1 };
}

export interface LatentShape {
  /** Side of the square latent, in latent px. */
  readonly side: number;
  readonly channels: number;
}

/** Shape of what the diffusion model sees: [side, side, channels]. Not an integer when the autoencoder does not divide the image. */
export function latentShape(experiment: Pick<Experiment, "data" | "autoencoder">): LatentShape {
  const { resolution } = dataShape(experiment.data);
  const { factor, latentChannels } = autoencoderRow(experiment.autoencoder.id);
  return { side: resolution / factor, channels: latentChannels };
}

/** Side of the token grid: T = gridSide². Not an integer when the patch does not divide the latent. */
export const gridSide = (experiment: Pick<Experiment, "data" | "autoencoder" | "model">): number =>
  latentShape(experiment).side / experiment.model.patchSize;

/** Width of the sinusoidal time features (TimestepEmbedder.frequency_embedding_size). */
const TIME_FEATURES = 256;

/** Channels a model's head gives: a DiT predicts the noise and, in as many channels again, its variance. */
export const headChannels = (family: ModelFamily, channels: number): number =>
  family === "dit" ? 2 * channels : channels;

export interface CountedModel extends ModelShape {
  readonly family: ModelFamily;
  readonly patchSize: number;
  readonly channels: number;
  readonly classes: number;
  readonly qkNorm: boolean;
  readonly hasNullLabel: boolean;
}

/**
 * Trainable parameters of a SiT or DiT without its projectors; the fixed position table is not counted.
 * @source REPA models/sit.py, SiT
 */
export function transformerParameterCount(model: CountedModel): number {
  const { family, width, depth, heads, patchSize, channels, classes, qkNorm, hasNullLabel } = model;
  const dense = (inputs: number, outputs: number) => inputs * outputs + outputs;
  const patch = patchSize * patchSize * channels;
  const predicted = patchSize * patchSize * headChannels(family, channels);
  const embedders =
    dense(patch, width) +
    dense(TIME_FEATURES, width) +
    dense(width, width) +
    labelRows(classes, hasNullLabel) * width;
  const block =
    dense(width, 3 * width) +
    dense(width, width) +
    dense(width, 4 * width) +
    dense(4 * width, width) +
    dense(width, 6 * width) +
    (qkNorm ? 4 * (width / heads) : 0); // weight and bias of two norms over a head
  return embedders + depth * block + dense(width, 2 * width) + dense(width, predicted);
}

/** `transformerParameterCount` of the model an experiment describes. */
export const experimentParameterCount = (experiment: Experiment): number =>
  transformerParameterCount({
    ...modelShape(experiment.model),
    family: experiment.model.family,
    patchSize: experiment.model.patchSize,
    channels: latentShape(experiment).channels,
    classes: dataShape(experiment.data).classes,
    qkNorm: experiment.model.qkNorm,
    hasNullLabel: hasNullLabel(experiment),
  });
