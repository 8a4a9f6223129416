import { StudioError, type Failure } from "../../common/errors/studioError";
import { randomPermutation } from "../../common/math/rng";

/** The part of a subject's data that a probe reads. */
export interface LabelledData {
  readonly dataset: { readonly classNames: readonly string[] };
  readonly source: { readonly trainImages: Uint32Array; readonly labels: Int32Array };
  readonly allHeldOut: Uint32Array;
}

/** The images of a probe, with their classes. */
export interface ProbeImages {
  readonly train: Uint32Array;
  readonly trainLabels: Int32Array;
  readonly test: Uint32Array;
  readonly testLabels: Int32Array;
  readonly classCount: number;
}

/**
 * Training images are the first `trainCount` of a seeded order, sorted, so that each shard is read once; test images are
 * all held-out ones.
 * @throws StudioError OUT_OF_RANGE when there is one class alone, or no image to train on
 */
export function probeImages(
  { dataset, source, allHeldOut }: LabelledData,
  { trainCount, seed }: { readonly trainCount: number; readonly seed: number },
): ProbeImages {
  const { trainImages, labels } = source;
  const order = randomPermutation({ seed, stream: "analysis/probe" }, trainImages.length);
  const train = order.subarray(0, trainCount).map((at) => trainImages[at] ?? 0);
  train.sort();
  const classCount = dataset.classNames.length;
  if (classCount < 2 || train.length < 2 || allHeldOut.length < 1) {
    throw new StudioError(
      "OUT_OF_RANGE",
      `A probe needs at least 2 classes, 2 training images and a held-out one; here are ${classCount}, ${train.length} and ${allHeldOut.length}.`,
      "Import images in a folder a class, or leave the probe out.",
    );
  }
  const labelsOf = (images: Uint32Array) => Int32Array.from(images, (image) => labels[image] ?? 0);
  return {
    train,
    trainLabels: labelsOf(train),
    test: allHeldOut,
    testLabels: labelsOf(allHeldOut),
    classCount,
  };
}

/** Warns of test images whose class is not in the training images: the probe is always wrong about them. */
export function unseenClasses(images: ProbeImages): Failure | undefined {
  const seen = new Set(images.trainLabels);
  const lost = images.testLabels.filter((label) => !seen.has(label));
  if (lost.length === 0) return undefined;
  return {
    code: "OUT_OF_RANGE",
    message: `${lost.length} of ${images.testLabels.length} held-out images are of ${new Set(lost).size} classes that none of the ${images.train.length} training images of the probe has.`,
    hint: "Raise the probe's training images; its accuracy is too low by up to that share.",
  };
}
