import type { SourceFile } from "./sourceFile";
import { imageFinder } from "./findImage";
import { matchList, type MatchedList } from "./listColumns";
import { listRows } from "./listRows";
import { isSplitName } from "./splits";

/** What the lists beside images say of them. */
export interface ListedLabels {
  /** Class of an image, by its number; those that no list names are missing. */
  readonly classOf: ReadonlyMap<number, string>;
  readonly splitOf: ReadonlyMap<number, string>;
  /** The lists that name classes, those of the hub's layout first. */
  readonly from: readonly string[];
  /** Whether one of them is the hub's metadata file: it decides over folders. */
  readonly isMetadata: boolean;
  readonly notes: readonly string[];
}

/** Lists that are read; more of them are annotations of single images. */
const MAX_LISTS = 24;
const MAX_LIST_BYTES = 64 * 2 ** 20;

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const folderOf = (path: string): string => path.slice(0, path.length - baseName(path).length);
const isMetadata = (path: string): boolean =>
  /^metadata\.(csv|jsonl|json|tsv)$/i.test(baseName(path));
/** Kaggle's example of an answer: its labels are made up. */
const isExample = (path: string): boolean => /sample.?submission/i.test(baseName(path));

/** The split in a list's own name: "train.csv", "val_annotations.txt", "trainLabels.csv". */
function splitOfName(path: string): string | null {
  const words = baseName(path)
    .replace(/\.[^.]*$/, "")
    .split(/[\s_.-]|(?<=[a-z])(?=[A-Z])/);
  return words.find(isSplitName)?.toLowerCase() ?? null;
}

interface ReadList {
  readonly path: string;
  readonly match: MatchedList;
}

/** The lists that name images that are there, and what is to be told of those that cannot be read. */
async function readAll(
  lists: readonly SourceFile[],
  paths: readonly string[],
): Promise<{ read: ReadList[]; notes: string[] }> {
  const depth = (path: string) => path.split("/").length;
  const chosen = lists
    .filter(({ path }) => !isExample(path))
    .sort((a, b) => depth(a.path) - depth(b.path) || (a.path < b.path ? -1 : 1))
    .sort((a, b) => Number(isMetadata(b.path)) - Number(isMetadata(a.path)));
  const finder = imageFinder(paths);
  const read: ReadList[] = [];
  const notes: string[] = [];
  for (const file of chosen.slice(0, MAX_LISTS)) {
    const { path, bytes } = file;
    if (bytes > MAX_LIST_BYTES) {
      notes.push(`${path} is not read: it has ${bytes} bytes, more than ${MAX_LIST_BYTES}.`);
      continue;
    }
    try {
      const text = new TextDecoder().decode(await file.read());
      const split = splitOfName(path);
      for (const rows of listRows(path, text)) {
        const match = matchList({ ...rows, split: rows.split ?? split }, finder(folderOf(path)));
        if (match) read.push({ path, match });
        else if (isMetadata(path)) notes.push(`${path} names no image that is there.`);
      }
    } catch (error) {
      const why = error instanceof Error ? error.message.slice(0, 200) : "?";
      notes.push(`${path} is not read: ${why}`);
    }
  }
  return { read, notes };
}

/** Lists that agree; one that gives an image another class is left out and named. */
function merged(lists: readonly ReadList[], notes: string[]): [Map<number, string>, string[]] {
  const classOf = new Map<number, string>();
  const from: string[] = [];
  for (const { path, match } of lists) {
    const other = match.listed.find(({ image, className }) => {
      const known = classOf.get(image);
      return known !== undefined && className !== null && known !== className;
    });
    if (other) {
      notes.push(`${path} gives other classes than ${from.join(", ")} and is not used.`);
      continue;
    }
    for (const { image, className } of match.listed) {
      if (className !== null) classOf.set(image, className);
    }
    if (match.hasClasses && !from.includes(path)) from.push(path);
  }
  return [classOf, from];
}

/**
 * Reads the lists beside images: CSV, TSV, plain text, JSON and JSON lines, as the hub, Kaggle, torchvision and COCO
 * write them. Which column names the images is seen by what is in it.
 * @param paths of the images, whole
 */
export async function readImageLists(
  lists: readonly SourceFile[],
  paths: readonly string[],
): Promise<ListedLabels> {
  const { read, notes } = await readAll(lists, paths);
  const metadata = read.filter(({ path }) => isMetadata(path));
  for (const { path, match } of metadata) {
    if (match.hasClasses) continue;
    notes.push(`${path} names no class (its columns: ${match.columns.slice(0, 20).join(", ")}).`);
  }
  const withClasses = metadata.some(({ match }) => match.hasClasses) ? metadata : read;
  const [classOf, from] = merged(
    withClasses.filter(({ match }) => match.hasClasses),
    notes,
  );
  const splitOf = new Map<number, string>();
  for (const { match } of read) {
    for (const { image, split } of match.listed) {
      if (split !== null && !splitOf.has(image)) splitOf.set(image, split);
    }
  }
  for (const { path, match } of read) {
    if (match.absent === 0 || !from.includes(path)) continue;
    notes.push(
      `${path} names ${match.absent} images that are not there, for example ${match.firstAbsent ?? ""}.`,
    );
  }
  return { classOf, splitOf, from, isMetadata: from.some(isMetadata), notes };
}
