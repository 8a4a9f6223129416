import type { Tensor } from "@tensorflow/tfjs-core";
import { encoderRow } from "../../common/catalogue/encoders";
import { isEncoderSpace, type FeatureSpaceId } from "../../common/catalogue/featureSpaces";
import { INCEPTION_V3 } from "../../common/catalogue/inceptionV3";
import { loadFeatureSpace, type FeatureSpace } from "../../engine/encoders/featureSpace";
import { randomPermutation } from "../../common/math/rng";
import type { FeatureRows, SpaceFeatures } from "../../common/protocol/metrics";
import type { SessionEnvironment } from "../common/environment";
import { imageTensor } from "../common/images";
import { joinFeatures } from "../caches/joinFeatures";
import { tokenMeans, type TrainingData } from "../run/trainingData";

/** Real images passed at once: bounds memory. */
const CHUNK = 32;

/** Where samples are measured: the features of real and of generated images. */
export interface SampleSpace {
  /**
   * Pooled features of all training images, from their cache. Features at positions, where the space has them, are in no
   * cache: they are computed of `positionCount` training images of a seeded order.
   */
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
  /** Real images whose positions are looked at, at most: as many as are generated. */
  readonly positionCount: number;
  readonly seed: number;
  /** Awaited between pieces of work. Lets messages be handled, and throws when the work is to end. */
  readonly between: () => Promise<void>;
}

/** Names the weights and whatever else decides the features of a space: part of a result's key. */
export const sampleSpaceVersion = (id: FeatureSpaceId, grid: number): string =>
  isEncoderSpace(id) ? `${encoderRow(id).version}/${grid}` : INCEPTION_V3.version;

/** Rows [n, the rest] of a tensor [n, ...]. */
async function rowsOf(tensor: Tensor): Promise<FeatureRows> {
  const [count = 0] = tensor.shape;
  return { values: await tensor.data<"float32">(), count, width: tensor.size / count };
}

async function describe(
  space: FeatureSpace,
  rgb: Uint8Array,
  side: number,
): Promise<SpaceFeatures> {
  const images = imageTensor(rgb, side);
  const { pooled, spatial, logits } = space.describe(images);
  images.dispose();
  try {
    return {
      pooled: await rowsOf(pooled),
      ...(spatial && { spatial: await rowsOf(spatial) }),
      ...(logits && { logits: await rowsOf(logits) }),
    };
  } finally {
    for (const tensor of [pooled, spatial, logits]) tensor?.dispose();
  }
}

/**
 * Opens the space samples are measured in.
 * @throws StudioError CACHE_MISSING, WEIGHTS_MISSING
 */
export async function openSampleSpace(
  id: FeatureSpaceId,
  { environment, data, grid, positionCount, seed, between }: SampleSpaceInputs,
): Promise<SampleSpace> {
  const cached = await data.features(id);
  const space = await loadFeatureSpace(id, environment, grid);
  const { dataset } = data;
  const { trainImages } = data.source;
  const features = (rgb: Uint8Array) => describe(space, rgb, dataset.resolution);

  const realPositions = async (): Promise<FeatureRows | undefined> => {
    const order = randomPermutation({ seed, stream: "analysis/positions" }, trainImages.length);
    const images = order.subarray(0, positionCount).map((at) => trainImages[at] ?? 0);
    const chunks: SpaceFeatures[] = [];
    for (let first = 0; first < images.length; first += CHUNK) {
      chunks.push(await features(await dataset.readRgb(images.subarray(first, first + CHUNK))));
      await between();
    }
    return joinFeatures(chunks).spatial;
  };

  return {
    real: async () => {
      const values = await tokenMeans(cached, trainImages);
      const pooled = { values, count: trainImages.length, width: space.width };
      const spatial = isEncoderSpace(id) ? undefined : await realPositions();
      return { pooled, ...(spatial && { spatial }) };
    },
    features,
    dispose: space.dispose,
  };
}
