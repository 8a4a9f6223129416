import { toFailure } from "../../common/errors/studioError";
import type { ImageReport } from "../../common/protocol/datasets";
import { factNotes, withFacts, type FactCounts } from "./factNotes";
import { badDataset, orderedClasses, type ImageSource, type SourceImage } from "./imageSource";
import { inOrder } from "./inOrder";
import { readSquare, type SquareOptions } from "./readSquare";
import type { LeftOut } from "./sourceFile";

/** Images read and decoded at once. */
const AHEAD = 4;
/** Skipped images that are listed; the others are counted. */
const MAX_LISTED = 200;
/** The side that is offered where images are not smaller. */
const USUAL_SIDE = 64;
const SIDE_STEP = 8;

export interface Inspection extends SquareOptions {
  /** Images that are read and decoded; those after them are counted by their place alone. */
  readonly readAtMost: number;
  /** After each image: lets messages in, throws to cancel. */
  readonly between: (looked: number) => Promise<void>;
}

/** The side to offer: the usual one, or the largest multiple of 8 that half of the images have. */
function offeredSide(shorterSides: readonly number[]): number {
  const sorted = [...shorterSides].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? USUAL_SIDE;
  const side = Math.floor(middle / SIDE_STEP) * SIDE_STEP;
  return Math.min(USUAL_SIDE, Math.max(SIDE_STEP, side));
}

interface Counting {
  readonly counts: Map<string, number>;
  readonly skipped: LeftOut[];
  readonly sides: number[];
  facts: FactCounts;
  images: number;
  looked: number;
  skippedCount: number;
}

const sizesNote = (sides: readonly number[]): string[] => {
  const least = sides.reduce((a, b) => Math.min(a, b), Infinity);
  const most = sides.reduce((a, b) => Math.max(a, b), 0);
  return sides.length === 0
    ? []
    : [`Their shorter sides are ${least === most ? `${least} px` : `${least} to ${most} px`}.`];
};

/** What is wrong with the whole: nothing is usable. */
function problemOf({ label }: ImageSource, { images, skipped, skippedCount }: Counting) {
  if (images > 0) return null;
  const [first] = skipped;
  return toFailure(
    badDataset(
      `${label} holds no usable image (${skippedCount} left out)${first ? `; the first: ${first.name}, ${first.reason}` : ""}.`,
      "Choose another source, or convert its images to PNG or JPEG.",
    ),
  );
}

const fewNote = (images: number): string[] =>
  images === 1 ? ["One image alone is not imported: at least two are needed."] : [];

/**
 * What a source would become, without storing any of it: each image is read, decoded and cropped as an import does.
 * @throws what reading and `between` throw, other than errors of single images
 */
export async function inspectImages(
  source: ImageSource,
  inspection: Inspection,
): Promise<ImageReport> {
  const { readAtMost, between, orientation } = inspection;
  const seen: Counting = {
    ...{ counts: new Map(), skipped: [], sides: [], facts: {} },
    ...{ images: 0, looked: 0, skippedCount: 0 },
  };
  let started = 0;
  const look = async (image: SourceImage) => {
    started += 1;
    return started > readAtMost ? image : readSquare(image, inspection);
  };
  for await (const image of inOrder(source.from(0), AHEAD, look)) {
    if ("reason" in image) {
      seen.skippedCount += 1;
      if (seen.skipped.length < MAX_LISTED) seen.skipped.push(image);
    } else {
      seen.images += 1;
      seen.counts.set(image.className, (seen.counts.get(image.className) ?? 0) + 1);
      if ("rgb" in image) {
        seen.facts = withFacts(seen.facts, image.facts, image.name);
        seen.sides.push(Math.min(image.width, image.height));
      }
    }
    seen.looked += 1;
    await between(seen.looked);
  }
  const classes = orderedClasses([...seen.counts.keys()], source.classOrder);
  const unread = seen.looked - readAtMost;
  return {
    images: seen.images,
    classes: classes.map((name) => ({ name, count: seen.counts.get(name) ?? 0 })),
    skippedCount: seen.skippedCount,
    skipped: seen.skipped,
    notes: [
      ...source.notes,
      ...factNotes(seen.facts, orientation),
      ...sizesNote(seen.sides),
      ...(unread > 0
        ? [`The first ${readAtMost} images were looked into, ${unread} were not.`]
        : []),
      ...fewNote(seen.images),
    ],
    resolution: offeredSide(seen.sides),
    split: source.split,
    splits: source.splits,
    problem: problemOf(source, seen),
  };
}
