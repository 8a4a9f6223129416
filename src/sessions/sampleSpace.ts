import * as tf from "@tensorflow/tfjs-core";
import { encoderRow } from "../catalogue/encoders";
import { isEncoderSpace, type FeatureSpaceId } from "../catalogue/featureSpaces";
import type { EncoderId } from "../config/experiment";
import { loadEncoder, type LoadedEncoder } from "../encoders/loadEncoder";
import { StudioError } from "../errors/studioError";
import type { SpaceFeatures } from "../protocol/metrics";
import type { SessionEnvironment } from "./environment";
import { imageTensor } from "./images";
import { tokenMeans, type TrainingData } from "./trainingData";

/** Where samples are measured: the features of real and of generated images. */
export interface SampleSpace {
  readonly id: FeatureSpaceId;
  /** Names the weights and whatever else decides the features: part of a result's key. */
  readonly version: string;
  /** Features of all training images. */
  readonly real: () => Promise<SpaceFeatures>;
  /**
   * Features of generated images, in the order of `real`'s columns.
   * @param rgb uint8 RGB [n, side, side, 3] at the data set's resolution; a few dozen at most
   */
  readonly features: (rgb: Uint8Array) => Promise<SpaceFeatures>;
  readonly dispose: () => void;
}

export interface SampleSpaceInputs {
  readonly environment: Pick<SessionEnvironment, "readModelFile" | "openWeights">;
  readonly data: TrainingData;
  /** Side of the subject's token grid. */
  readonly grid: number;
  /** Awaited between pieces of work: lets messages in, and throws when the work is over. */
  readonly between: () => Promise<void>;
}

/** Token means of an encoder on a few images: [n, width]. @param rgb uint8 RGB [n, side, side, 3] */
export async function meanTokens(
  encoder: LoadedEncoder,
  rgb: Uint8Array,
  side: number,
  grid: number,
): Promise<Float32Array> {
  const means = tf.tidy(() => tf.mean(encoder.encode(imageTensor(rgb, side), grid), 1));
  try {
    return await means.data<"float32">();
  } finally {
    means.dispose();
  }
}

/** What names an encoder's features, without its weights. */
const encoderVersion = (id: EncoderId, grid: number) => `${encoderRow(id).version}/${grid}`;

async function openEncoderSpace(
  id: EncoderId,
  { environment, data, grid }: SampleSpaceInputs,
): Promise<SampleSpace> {
  const cached = await data.features(id);
  const encoder = await loadEncoder(id, environment);
  const { width } = encoder;
  return {
    id,
    version: encoderVersion(id, grid),
    real: async () => {
      const { trainImages } = data.source;
      const values = await tokenMeans(cached, trainImages);
      return { pooled: { values, count: trainImages.length, width } };
    },
    features: async (rgb) => {
      const values = await meanTokens(encoder, rgb, data.dataset.resolution, grid);
      return { pooled: { values, count: values.length / width, width } };
    },
    dispose: encoder.dispose,
  };
}

/** A space's `version`, without opening it. @throws StudioError FEATURE_MISSING */
export function sampleSpaceVersion(id: FeatureSpaceId, grid: number): string {
  if (isEncoderSpace(id)) return encoderVersion(id, grid);
  throw notYet(id);
}

/**
 * Opens the space samples are measured in.
 * @throws StudioError CACHE_MISSING, WEIGHTS_MISSING; FEATURE_MISSING for a space this version cannot open
 */
export async function openSampleSpace(
  id: FeatureSpaceId,
  inputs: SampleSpaceInputs,
): Promise<SampleSpace> {
  if (isEncoderSpace(id)) return openEncoderSpace(id, inputs);
  throw notYet(id);
}

const notYet = (id: FeatureSpaceId) =>
  new StudioError(
    "FEATURE_MISSING",
    `Samples cannot be measured in the space of ${id} yet.`,
    "Choose the space of an encoder.",
  );
