import type { EncoderId, Experiment } from "../config/experiment";
import type { ImageDataset } from "../data/dataset";
import type { CacheSpec } from "../storage/caches";

/** Raised when the same weights would give other bytes (preprocessing, row layout). */
const LATENTS_VERSION = 1;

/** A cache row is an image's number in its data set. */

/** Latent moments: a row is the mean, then the standard deviation, each [side, side, channels], unscaled. */
export function latentsSpec(
  dataset: ImageDataset,
  autoencoder: {
    id: Experiment["autoencoder"]["id"];
    version: string;
    side: number;
    channels: number;
  },
): CacheSpec {
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
