import type { Experiment, TimelineEntry } from "../../common/config/experiment";
import { enoughImages, leastImages } from "../../common/config/leastImages";
import { neededFeatures } from "../../common/config/neededFeatures";
import { gridSide } from "../../common/config/sizes";
import type { ImageDataset } from "../../sources/data/dataset";
import { StudioError, type Failure } from "../../common/errors/studioError";
import type { Database, ImageRange } from "../../common/storage/db";
import { cacheSpecs } from "./cacheSpecs";
import { cachedImages, rangesSize, within } from "./imageRanges";

/**
 * The images in every cache a run needs; undefined when they are all there.
 * @throws StudioError CACHE_MISSING when they are too few to train on
 */
export async function cachedRanges(
  db: Database,
  dataset: ImageDataset,
  experiment: Experiment,
  timeline: readonly TimelineEntry[],
): Promise<readonly ImageRange[] | undefined> {
  const specs = cacheSpecs(dataset, {
    autoencoder: experiment.autoencoder.id,
    ...neededFeatures(experiment, timeline),
    grid: gridSide(experiment),
  });
  const ranges = await cachedImages(db, specs, dataset.size);
  if (rangesSize(ranges) === dataset.size) return undefined;
  const { trainIndices, heldOutIndices } = dataset;
  const here = {
    train: within(trainIndices, ranges).length,
    heldOut: within(heldOutIndices, ranges).length,
  };
  const least = leastImages(experiment, {
    train: trainIndices.length,
    heldOut: heldOutIndices.length,
  });
  if (enoughImages(here, least)) return ranges;
  throw new StudioError(
    "CACHE_MISSING",
    `${here.train} training and ${here.heldOut} held-out images are in all ${specs.length} caches; a run needs ${least.train} and ${least.heldOut}.`,
    "Let caching go on for a while, then start on what is there.",
  );
}

/** Warns that a run trains on a part of its data. */
export const partOfData = (ranges: readonly ImageRange[], { size }: ImageDataset): Failure => ({
  code: "CACHE_MISSING",
  message: `This run sees ${rangesSize(ranges)} of ${size} images: it was started before the caches were complete.`,
  hint: "Its numbers belong to that part. Fill the caches and start a new run to use all images.",
});
