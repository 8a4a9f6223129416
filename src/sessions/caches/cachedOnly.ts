import type { Experiment, TimelineEntry } from "../../common/config/experiment";
import { neededFeatures } from "../../common/config/neededFeatures";
import { gridSide } from "../../common/config/sizes";
import type { ImageDataset } from "../../sources/data/dataset";
import { StudioError, type Failure } from "../../common/errors/studioError";
import type { Database, ImageRange } from "../../common/storage/db";
import { cacheSpecs } from "./cacheSpecs";
import { cachedImages, rangesSize, within } from "./imageRanges";

/**
 * The images in every cache a run needs; undefined when they are all there.
 * @throws StudioError CACHE_MISSING when there is nothing to train on yet
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
  if (within(dataset.trainIndices, ranges).length > 0) return ranges;
  throw new StudioError(
    "CACHE_MISSING",
    `None of the ${dataset.trainIndices.length} training images is in all ${specs.length} caches yet.`,
    "Let caching go on for a while, then start on what is there.",
  );
}

/** Warns that a run trains on a part of its data. */
export const partOfData = (ranges: readonly ImageRange[], { size }: ImageDataset): Failure => ({
  code: "CACHE_MISSING",
  message: `This run sees ${rangesSize(ranges)} of ${size} images: it was started before the caches were complete.`,
  hint: "Its numbers belong to that part. Fill the caches and start a new run to use all images.",
});
