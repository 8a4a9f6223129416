import type { Experiment, TimelineEntry } from "../../common/config/experiment";
import { imagePartAt, lastImagePart } from "../../common/config/imageEntries";
import { leastImages } from "../../common/config/leastImages";
import { neededFeatures } from "../../common/config/neededFeatures";
import { gridSide } from "../../common/config/sizes";
import type { Database } from "../../common/storage/db";
import type { BatchPart } from "../../engine/training/batch";
import type { ImageDataset } from "../../sources/data/dataset";
import { cacheSpecs } from "../caches/cacheSpecs";
import { blockCount, blockRanges, blocksWithin } from "../caches/fillingBlocks";
import { cachedImages, within } from "../caches/imageRanges";

/** Storage is looked at so often while images are waited for; between steps, at most as often as `STEP_MS` says. */
const WAIT_MS = 200;
const STEP_MS = 1000;
/** New images come in when they are so much more than those there are, or the last: each entry begins a new pass. */
const GROWTH = 1.25;

/** The images of a step's batch as its timeline says, of the images a run uses at all. */
export function createImageParts(
  dataset: Pick<ImageDataset, "size">,
  timeline: readonly TimelineEntry[],
  trainImages: Uint32Array,
): (step: number) => BatchPart {
  const byBlocks = new Map<number, Uint32Array>();
  return (step) => {
    const part = imagePartAt(timeline, step);
    if (!part) return { images: trainImages, since: 1 };
    const { blocks, since } = part;
    const images = byBlocks.get(blocks) ?? within(trainImages, blockRanges(dataset.size, blocks));
    byBlocks.set(blocks, images);
    return { images, since };
  };
}

/** Whether a step draws from all images, as far as a run uses them: of an early start, whether the last have come in. */
export function hasAllImages(
  timeline: readonly TimelineEntry[],
  step: number,
  images: number,
): boolean {
  const part = imagePartAt(timeline, step);
  return part === undefined || part.blocks >= blockCount(images);
}

/** Takes in images that were encoded meanwhile, between two steps. */
export interface ImageArrivals {
  /** Looks whether there are more. Those that come hold from `next`, the step to come, and are recorded first. */
  readonly look: (next: number) => Promise<void>;
  /** Waits until enough are there to begin with. */
  readonly first: () => Promise<void>;
  /** Waits until all are there; then they hold from `next`. */
  readonly all: (next: number) => Promise<void>;
}

/** What arrivals are taken from and told to. */
export interface ArrivalPlaces {
  readonly experiment: Experiment;
  readonly dataset: Pick<ImageDataset, "size" | "trainIndices">;
  /** The run's own list; entries are added to it. */
  readonly timeline: TimelineEntry[];
  /** Blocks that are whole in every cache by now. */
  readonly blocksNow: () => Promise<number>;
  /** Writes the whole timeline into the run's record. */
  readonly storeTimeline: (timeline: readonly TimelineEntry[]) => Promise<void>;
  readonly onEntry: (entry: TimelineEntry) => void;
  /** Says what is waited for. */
  readonly onWait: (detail: string) => void;
  readonly clockMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** Lets messages be handled, and throws when the run is to end. */
  readonly between: () => Promise<void>;
}

/** Blocks of images that are whole in every cache the run reads. */
export async function blocksInCaches(
  db: Database,
  dataset: ImageDataset,
  experiment: Experiment,
  timeline: readonly TimelineEntry[],
): Promise<number> {
  const specs = cacheSpecs(dataset, {
    autoencoder: experiment.autoencoder.id,
    ...neededFeatures(experiment, timeline),
    grid: gridSide(experiment),
  });
  return blocksWithin(dataset.size, await cachedImages(db, specs, dataset.size));
}

/** For a run that started early. Once all images are in, nothing is looked at any more. */
export function createImageArrivals(places: ArrivalPlaces): ImageArrivals {
  const { experiment, dataset, timeline, storeTimeline, onEntry, clockMs } = places;
  const { size } = dataset;
  const every = blockCount(size);
  let lookedMs = -Infinity;

  /** Whether so many blocks hold a batch. */
  const enough = (blocks: number): boolean => {
    const here = within(dataset.trainIndices, blockRanges(size, blocks)).length;
    const { train } = leastImages(experiment, { train: dataset.trainIndices.length, heldOut: 0 });
    return here >= Math.max(1, train);
  };
  const take = async (step: number, images: number): Promise<void> => {
    const entry: TimelineEntry = { step, change: {}, images };
    const next = [...timeline, entry].sort((a, b) => a.step - b.step);
    // stored first: images that are lost by a reload must not have been trained with
    await storeTimeline(next);
    timeline.splice(0, timeline.length, ...next);
    onEntry(entry);
  };
  /** Entries that are still to be replayed come first: they say what an uninterrupted run had. */
  const isReplayed = (next: number) => (lastImagePart(timeline)?.since ?? 0) >= next;
  const isWhole = () => (lastImagePart(timeline)?.blocks ?? 0) >= every;

  const waitFor = async (isThere: (blocks: number) => boolean): Promise<number> => {
    for (;;) {
      const blocks = await places.blocksNow();
      if (isThere(blocks)) return blocks;
      places.onWait(
        `Waiting for images: ${Math.min(size, blocks * imagesPerBlock(size))} of ${size}`,
      );
      await places.wait(WAIT_MS);
      await places.between();
    }
  };

  return {
    look: async (next) => {
      if (isWhole() || isReplayed(next) || clockMs() - lookedMs < STEP_MS) return;
      lookedMs = clockMs();
      const blocks = await places.blocksNow();
      const before = lastImagePart(timeline)?.blocks ?? 0;
      if (blocks > before && (blocks >= before * GROWTH || blocks >= every)) {
        await take(next, blocks);
      }
    },
    first: async () => {
      await take(1, await waitFor(enough));
    },
    all: async (next) => {
      if (isWhole()) return;
      await waitFor((blocks) => blocks >= every);
      if (!isReplayed(next) && next <= experiment.optimizer.steps) await take(next, every);
    },
  };
}

const imagesPerBlock = (size: number): number => Math.ceil(size / blockCount(size));
