import { changedKeys } from "./liveChange";
import type { Experiment, TimelineEntry } from "./experiment";

/**
 * A run that starts early trains on the images that are encoded so far. Which those are at a step stands in its timeline:
 * an entry with `images` says that from its step on batches are drawn from so many blocks of the filling order
 * (`sessions/caches/fillingBlocks`). Timeline and experiment then give the same batches again, whatever the clock does.
 */
export interface ImagePart {
  /** Blocks of images, in the order of filling. */
  readonly blocks: number;
  /** The first step that draws from them. Passes over the images are counted from there. */
  readonly since: number;
}

const partOf = ({ step, images }: TimelineEntry): ImagePart[] =>
  images === undefined ? [] : [{ blocks: images, since: step }];

/** The images that step `step` draws from; undefined: all of them, from the first step on. */
export const imagePartAt = (
  timeline: readonly TimelineEntry[],
  step: number,
): ImagePart | undefined => timeline.flatMap(partOf).findLast(({ since }) => since <= step);

/** The newest part that a timeline names, whenever it comes. */
export const lastImagePart = (timeline: readonly TimelineEntry[]): ImagePart | undefined =>
  timeline.flatMap(partOf).at(-1);

/** Whether a run begins while its images are still being encoded: a new one that is asked to, and repeats no other. */
export const startsEarly = ({ data }: Experiment, timeline: readonly TimelineEntry[]): boolean =>
  data.startEarly && lastImagePart(timeline) === undefined;

/** The experiment as scripts and comparisons run it: no batch depends on how fast images were encoded. */
export const withAllImages = (experiment: Experiment): Experiment => ({
  ...experiment,
  data: { ...experiment.data, startEarly: false },
});

/** The entries that change a live setting. */
export const liveChanges = (timeline: readonly TimelineEntry[]): readonly TimelineEntry[] =>
  timeline.filter(({ change }) => changedKeys(change).length > 0);
