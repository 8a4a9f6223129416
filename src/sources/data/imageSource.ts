import { StudioError } from "../../common/errors/studioError";

/** One image of a source, not read yet. */
export interface SourceImage {
  /** For the list of those left out: a path or a row. */
  readonly name: string;
  readonly className: string;
  /** @throws StudioError BAD_IMAGE or BAD_ARCHIVE when this one cannot be had; anything else ends the import */
  readonly read: () => Promise<Uint8Array>;
}

/** How classes are numbered: by a list the source has, or by what is found, as text or as numbers. */
export type ClassOrder = readonly string[] | "byName" | "byNumber";

/** A split of a data set, by its own name. */
export interface SplitCount {
  readonly name: string;
  readonly images: number;
}

/** Where images come from, whatever holds them. */
export interface ImageSource {
  /** As an experiment names it: "hub:owner/name@revision/config/split" or "folder:name". */
  readonly label: string;
  /** Null where the source does not say beforehand. */
  readonly images: number | null;
  readonly bytes: number | null;
  readonly classOrder: ClassOrder;
  /** Changes when the listing does: a cut import goes on only over the same one. */
  readonly fingerprint: string;
  /** Which split these images are; null where none was recognised. */
  readonly split: string | null;
  /** Every split there is, the one to train on first. */
  readonly splits: readonly SplitCount[];
  /** What was recognised, merged or passed over, in sentences. */
  readonly notes: readonly string[];
  /** The images in an order that is the same every time, from number `first` on. */
  readonly from: (first: number) => AsyncIterable<SourceImage>;
}

/** Class of images without one: loose files, rows without a label. */
export const ONE_CLASS = "images";

/** Code units, as Python sorts: the order must not depend on the machine's language. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The classes in the order that numbers them. */
export function orderedClasses(found: readonly string[], order: ClassOrder): readonly string[] {
  if (typeof order !== "string") return order;
  const compare =
    order === "byNumber" ? (a: string, b: string) => Number(a) - Number(b) : undefined;
  return [...found].sort(compare ?? byCodeUnits);
}

export const badDataset = (message: string, hint: string): StudioError =>
  new StudioError("BAD_DATASET", message, hint);

/** Sources one after another, as one: the parts of a data set that is split over files. */
export function concatenated(label: string, sources: readonly ImageSource[]): ImageSource {
  const [first, ...rest] = sources;
  if (!first) throw badDataset(`${label} holds no images.`, "Choose files that hold images.");
  const known = JSON.stringify(first.classOrder);
  if (rest.some(({ classOrder }) => JSON.stringify(classOrder) !== known)) {
    throw badDataset(
      `The parts of ${label} do not number their classes alike.`,
      "Import files of one data set at a time.",
    );
  }
  const sum = (values: (number | null)[]) =>
    values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);
  return {
    label,
    images: sum(sources.map(({ images }) => images)),
    bytes: sum(sources.map(({ bytes }) => bytes)),
    classOrder: first.classOrder,
    fingerprint: JSON.stringify(sources.map(({ fingerprint }) => fingerprint)),
    split: first.split,
    splits: first.splits,
    notes: [...new Set(sources.flatMap(({ notes }) => notes))],
    from: async function* (start) {
      let passed = 0;
      for (const source of sources) {
        const { images } = source;
        // a part whose number of images is known and that was used up is not opened again
        if (images === null || passed + images > start) {
          yield* source.from(Math.max(0, start - passed));
        }
        passed += images ?? 0;
      }
    },
  };
}
