import type { AutoencoderId } from "../catalogue/autoencoders";
import { encoderRow } from "../catalogue/encoders";
import type { EncoderId } from "../config/experiment";
import type { ImageDataset } from "../data/dataset";
import { autoencoderFacts, type AutoencoderFacts } from "../encoders/loadAutoencoder";
import type { CacheSpec } from "../storage/caches";

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

/** The caches of a run: latents first, then the encoders' features in their order. */
export const cacheSpecs = (
  dataset: ImageDataset,
  caches: {
    readonly autoencoder: AutoencoderId;
    readonly encoders: readonly EncoderId[];
    readonly grid: number;
  },
): CacheSpec[] => [
  latentsSpec(dataset, autoencoderFacts(caches.autoencoder, dataset.resolution)),
  ...caches.encoders.map((id) => featuresSpec(dataset, encoderRow(id), caches.grid)),
];
