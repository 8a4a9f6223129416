import { namesOf } from "../../common/math/records";
import type { ImageFact } from "./imageFacts";
import type { Orientation } from "./imageCodec";

/** How many images a fact is true of, and the first of them. */
export type FactCounts = Readonly<Partial<Record<ImageFact, FactCount>>>;
interface FactCount {
  readonly count: number;
  readonly first: string;
}

/** The counts with the facts of one more image. */
export function withFacts(
  counts: FactCounts,
  facts: readonly ImageFact[],
  name: string,
): FactCounts {
  if (facts.length === 0) return counts;
  const added = facts.map((fact) => {
    const { count, first } = counts[fact] ?? { count: 0, first: name };
    return [fact, { count: count + 1, first }] as const;
  });
  return { ...counts, ...Object.fromEntries(added) };
}

const TEXTS: Readonly<Record<ImageFact, (orientation: Orientation) => string>> = {
  turned: (orientation) =>
    orientation === "exif"
      ? "turned as their Exif metadata says"
      : "with an Exif rotation, taken as their pixels are stored, as the reference's loader does",
  animated: () => "animated: the first picture of each is taken",
  cmyk: () => "in CMYK: converted to RGB by the browser, without a colour profile",
  deep: () => "with more than 8 bits a channel: reduced to 8",
  transparent: () => "with transparency: laid over white",
  misnamed: () => "of another kind than their names say: read by their bytes",
};

/** What is to be told of how images were read, a sentence a fact. */
export const factNotes = (counts: FactCounts, orientation: Orientation): string[] =>
  namesOf(TEXTS).flatMap((fact) => {
    const known = counts[fact];
    if (!known) return [];
    const { count, first } = known;
    return [
      `${count} ${count === 1 ? "image" : "images"} ${TEXTS[fact](orientation)} (${count === 1 ? "" : "the first: "}${first}).`,
    ];
  });
