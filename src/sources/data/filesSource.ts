import { badImage } from "./imageCodec";
import { isHidden, isImagePath } from "./imageKinds";
import {
  badDataset,
  byCodeUnits,
  ONE_CLASS,
  type ImageSource,
  type SourceImage,
} from "./imageSource";
import { classNameNotes, tidyClassName } from "./classNames";
import { classifyFiles, commonFolder } from "./classesOfFiles";
import { LABELS_FILE, labelledImages, readDatasetJson, type DatasetLabels } from "./datasetJson";
import { isSplitName } from "./splits";
import { kindsOf, listingOf, type FileListing, type LeftOut, type SourceFile } from "./sourceFile";

async function* inTurn<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

const unreadable = ({ name, reason }: LeftOut): SourceImage => ({
  name,
  className: "",
  read: () => Promise.reject(badImage(reason)),
});

/** Files without a folder they lie in; those beside it keep their path. */
const inside = (files: readonly SourceFile[], folder: string): readonly SourceFile[] =>
  files.map((file) =>
    file.path.startsWith(folder) ? { ...file, path: file.path.slice(folder.length) } : file,
  );

const otherNote = (others: readonly string[]): string[] =>
  others.length > 0
    ? [`${others.length} files of other kinds are passed over: ${kindsOf(others)}.`]
    : [];

const isWhole = (name: string) => /^\d{1,9}$/.test(name);

interface Described extends Pick<ImageSource, "classOrder" | "split" | "splits" | "notes"> {
  readonly items: readonly SourceImage[];
  /** What beside paths and sizes decides the listing; empty for folders of classes alone. */
  readonly rules: readonly string[];
}

/** Images with the classes of the reference's `dataset.json`. */
function byDatasetJson(images: readonly SourceFile[], labels: DatasetLabels): Described {
  const items = labels
    ? labelledImages(images, labels)
    : images.map(({ path, read }): SourceImage => ({ name: path, className: ONE_CLASS, read }));
  const classes = labels?.reduce((most, [, number]) => Math.max(most, number + 1), 0);
  return {
    items,
    classOrder:
      classes === undefined ? "byName" : Array.from({ length: classes }, (_, i) => String(i)),
    split: null,
    splits: [],
    notes: [],
    rules: [],
  };
}

/** Images with the classes that folders, lists or names give them. */
async function byLayout(
  images: readonly SourceFile[],
  lists: readonly SourceFile[],
  split: string | undefined,
): Promise<Described> {
  const found = await classifyFiles(images, lists, split);
  const from = found.lists.join(", ");
  const names = found.images.flatMap(({ className }) => className ?? []);
  const items = found.images.map(({ file: { path, read }, className }): SourceImage =>
    className === null
      ? unreadable({ name: path, reason: `${from} gives it no class` })
      : { name: path, className: tidyClassName(className), read },
  );
  return {
    items,
    classOrder: found.lists.length > 0 && names.every(isWhole) ? "byNumber" : "byName",
    split: found.split,
    splits: found.splits,
    notes: [...found.notes, ...classNameNotes(new Set(names))],
    rules: [
      ...(found.split === null ? [] : [`split ${found.split}`]),
      ...found.lists.map((path) => `list ${path}`),
    ],
  };
}

/**
 * The images of a folder or an archive, sorted by path. Their classes are those of the reference's `dataset.json` at the
 * root, of the hub's metadata file, of folders (those of splits apart), or of a list beside them.
 * @param split the one to take where there are several, or `EVERY_SPLIT`; absent, the one to train on
 * @throws StudioError BAD_DATASET when there is no image in it, or its `dataset.json` cannot be read
 */
export async function filesSource(
  label: string,
  given: FileListing | readonly SourceFile[],
  { split }: { readonly split?: string | undefined } = {},
): Promise<ImageSource> {
  const { files, leftOut, others } = "files" in given ? given : listingOf(given);
  const isLabels = (path: string) => path.endsWith(LABELS_FILE) && !isHidden(path);
  const common = commonFolder(
    files.map(({ path }) => path).filter((path) => isImagePath(path) || isLabels(path)),
    (rest) => rest === LABELS_FILE,
  );
  const placed = inside(files, common);
  const images = placed
    .filter(({ path }) => isImagePath(path))
    .sort((a, b) => byCodeUnits(a.path, b.path));
  if (images.length === 0) throw noImage(label, given);
  const labelsFile = placed.find(({ path }) => path === LABELS_FILE);
  const lists = placed.filter(({ path }) => !isImagePath(path) && !isLabels(path));
  const { items, rules, ...described } = labelsFile
    ? byDatasetJson(images, await readDatasetJson(labelsFile))
    : await byLayout(images, lists, split);
  const all = [...items, ...leftOut.map(unreadable)];
  const fingerprint = JSON.stringify(images.map(({ path, bytes }) => [path, bytes]));
  return {
    label,
    images: all.length,
    bytes: images.reduce((sum, { bytes }) => sum + bytes, 0),
    // as it was before there were rules, so that imports cut then go on
    fingerprint: rules.length > 0 ? JSON.stringify([fingerprint, ...rules]) : fingerprint,
    from: (first) => inTurn(all.slice(first)),
    ...described,
    // a folder "train" around everything is a split as well, the only one
    split: described.split ?? common.split("/").findLast(isSplitName) ?? null,
    notes: [...described.notes, ...otherNote(others)],
  };
}

/** @returns BAD_DATASET that says what there is instead */
function noImage(label: string, given: FileListing | readonly SourceFile[]) {
  const { files, leftOut, others } =
    "files" in given ? given : { files: given, leftOut: [], others: [] };
  const paths = [...files.map(({ path }) => path), ...others, ...leftOut.map(({ name }) => name)];
  const [first] = leftOut;
  return badDataset(
    `${label} holds no image (of ${paths.length} files${paths.length > 0 ? `: ${kindsOf(paths)}` : ""})${first ? `; the first that cannot be read: ${first.name}, ${first.reason}` : ""}.`,
    "Choose a folder or an archive with PNG, JPEG, WebP, AVIF, GIF or BMP files, one subfolder for each class.",
  );
}
