import type { AutoencoderId } from "../../common/catalogue/autoencoders";
import { encoderRow } from "../../common/catalogue/encoders";
import { isEncoderSpace, type FeatureSpaceId } from "../../common/catalogue/featureSpaces";
import { INCEPTION_V3 } from "../../common/catalogue/inceptionV3";
import type { EncoderId } from "../../common/config/experiment";
import type { ImageDataset } from "../../sources/data/dataset";
import { autoencoderFacts, type AutoencoderFacts } from "../../engine/encoders/autoencoderFacts";
import type { CacheSpec } from "../../common/storage/caches";

/** Raised when the same weights would give other bytes (preprocessing, row layout). */
const LATENTS_VERSION = 1;

/** A cache row is an image's number in its data set. */

/** Latent moments: a row is the mean, then the standard deviation, each [side, side, channels], unscaled. */
export function latentsSpec(dataset: ImageDataset, autoencoder: AutoencoderFacts): CacheSpec {
  return {
    cacheKey: ["latents", LATENTS_VERSION, dataset.hash, autoencoder.id, autoencoder.version].join(
      "/",
    ),
    label: `Latents (${autoencoder.id})`,
    rowLength: 2 * autoencoder.side ** 2 * autoencoder.channels,
  };
}

/** Encoder patch tokens: a row is [grid², width]. */
export function featuresSpec(
  dataset: ImageDataset,
  encoder: { id: EncoderId; version: string; width: number },
  grid: number,
): CacheSpec {
  return {
    cacheKey: ["features", dataset.hash, encoder.id, encoder.version, grid].join("/"),
    label: `Features (${encoder.id}, ${grid}x${grid})`,
    rowLength: grid ** 2 * encoder.width,
  };
}

/** Inception's pooled features: a row is one vector, whatever the token grid. */
const pooledSpec = (dataset: ImageDataset): CacheSpec => ({
  cacheKey: ["features", dataset.hash, INCEPTION_V3.id, INCEPTION_V3.version].join("/"),
  label: `Features (${INCEPTION_V3.id}, pool3)`,
  rowLength: INCEPTION_V3.width,
});

/** The features of a space samples are measured in: an encoder's tokens, or Inception's vectors. */
export const spaceSpec = (dataset: ImageDataset, space: FeatureSpaceId, grid: number): CacheSpec =>
  isEncoderSpace(space) ? featuresSpec(dataset, encoderRow(space), grid) : pooledSpec(dataset);

/** Spaces of a request, each once: those of the encoders in their order, then that of the samples. */
export const requestedSpaces = ({
  encoders,
  space,
}: {
  readonly encoders: readonly EncoderId[];
  readonly space?: FeatureSpaceId | undefined;
}): FeatureSpaceId[] => [...new Set([...encoders, ...(space ? [space] : [])])];

/** The caches of a run: latents first, then the features of `requestedSpaces`. */
export const cacheSpecs = (
  dataset: ImageDataset,
  caches: {
    readonly autoencoder: AutoencoderId;
    readonly encoders: readonly EncoderId[];
    readonly space?: FeatureSpaceId | undefined;
    readonly grid: number;
  },
): CacheSpec[] => [
  latentsSpec(dataset, autoencoderFacts(caches.autoencoder, dataset.resolution)),
  ...requestedSpaces(caches).map((id) => spaceSpec(dataset, id, caches.grid)),
];
