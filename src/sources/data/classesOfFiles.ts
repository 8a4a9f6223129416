import type { SourceFile } from "./sourceFile";
import { readImageLists, type ListedLabels } from "./imageLists";
import { ONE_CLASS, type SplitCount } from "./imageSource";
import { splitLevel, splitOrder, type SplitLevel } from "./splits";

/** Every split together. */
export const EVERY_SPLIT = "all";

/** Images of a folder or an archive with what their places and lists say of them. */
export interface ClassifiedFiles {
  /** Those of the split that was asked for, or of the one to train on. */
  readonly images: readonly {
    readonly file: SourceFile;
    /** As it is found; null where a list names the others and not this one. */
    readonly className: string | null;
  }[];
  /** Null where no splits were recognised. */
  readonly split: string | null;
  readonly splits: readonly SplitCount[];
  /** The lists that name the classes; none where folders do. */
  readonly lists: readonly string[];
  readonly notes: readonly string[];
}

/** "top/" where every path lies in one folder `top` that holds folders, as often as that is so; else "". */
export function commonFolder(paths: readonly string[], isRoot: (rest: string) => boolean): string {
  const [top, ...below] = paths[0]?.split("/") ?? [];
  if (top === undefined || below.length === 0) return "";
  if (!paths.every((path) => path.startsWith(`${top}/`))) return "";
  const inside = paths.map((path) => path.slice(top.length + 1));
  if (!inside.some((rest) => rest.includes("/") || isRoot(rest))) return "";
  return `${top}/${commonFolder(inside, isRoot)}`;
}

const nowhere = () => false;

const withoutLevel = (path: string, level: SplitLevel | undefined): string =>
  level
    ? path
        .split("/")
        .filter((_, i) => i !== level.depth)
        .join("/")
    : path;

const folderClass = (path: string): string | null =>
  path.includes("/") ? (path.split("/")[0] ?? null) : null;

/** "cat.0.jpg", "dog.17.jpg", as Kaggle's "Dogs vs. Cats": the first word, where every name has it and two differ. */
function classesByName(paths: readonly string[]): readonly string[] | null {
  const words = paths.map((path) => /(?:^|\/)([^./]*[^./\d])\.\d+\.[^./]+$/.exec(path)?.[1]);
  const found = words.filter((word) => word !== undefined);
  const distinct = new Set(found).size;
  return found.length === paths.length && distinct > 1 && distinct * 2 <= paths.length
    ? found
    : null;
}

const MIN_SHARE_WITH_SPLIT = 0.9;

interface Splits {
  readonly of: (image: number) => string | undefined;
  readonly names: readonly string[];
}

/** Splits by folders, else by lists where they know nearly all images and tell two splits apart. */
function splitsOf(
  paths: readonly string[],
  level: SplitLevel | undefined,
  { splitOf }: ListedLabels,
): Splits {
  if (level) {
    return { of: (image) => paths[image]?.split("/")[level.depth], names: level.names };
  }
  const names = splitOrder(splitOf.values());
  const known = splitOf.size >= MIN_SHARE_WITH_SPLIT * paths.length && names.length > 1;
  return known ? { of: (image) => splitOf.get(image), names } : { of: () => undefined, names: [] };
}

const countText = (splits: readonly SplitCount[]) =>
  splits.map(({ name, images }) => `${name} (${images} images)`).join(", ");

/** What is taken when nothing, or something that is not there, was asked for: the first, which is the one to train on. */
const chosenSplit = (names: readonly string[], wanted: string | undefined): string | null =>
  wanted !== undefined && [...names, EVERY_SPLIT].includes(wanted) && names.length > 0
    ? wanted
    : (names[0] ?? null);

const listText = (lists: readonly string[]) =>
  lists.length > 3
    ? `${lists.slice(0, 3).join(", ")} and ${lists.length - 3} more`
    : lists.join(", ");

/** Classes that hold folders of images: they are taken together, and that is said. */
function nestedNote(paths: readonly string[]): string[] {
  const deep = new Map<string, Set<string>>();
  for (const path of paths) {
    const [top, below, ...rest] = path.split("/");
    if (top === undefined || below === undefined || rest.length === 0) continue;
    deep.set(top, (deep.get(top) ?? new Set()).add(below));
  }
  const [first] = [...deep].filter(([, inside]) => inside.size > 1);
  return first
    ? [
        `Folders inside the class folders are taken together: "${first[0]}" holds ${first[1].size} of them.`,
      ]
    : [];
}

/** The classes of images by folders, by lists or by their names, whichever says most. */
function classify(
  images: readonly number[],
  paths: readonly string[],
  level: SplitLevel | undefined,
  listed: ListedLabels,
): { classes: readonly (string | null)[]; lists: readonly string[]; notes: string[] } {
  const bare = images.map((image) => withoutLevel(paths[image] ?? "", level));
  const common = commonFolder(bare, nowhere);
  const inside = bare.map((path) => path.slice(common.length));
  const byFolder = inside.map(folderClass);
  const byList = images.map((image) => listed.classOf.get(image) ?? null);
  const known = byList.filter((name) => name !== null).length;
  const isListed = known > 0 && known * 2 >= images.length;
  const hasFolders = new Set(byFolder).size > 1;
  if (isListed && (listed.isMetadata || !hasFolders)) {
    const notes = [`The classes are those of ${listText(listed.from)}.`];
    return { classes: byList, lists: listed.from, notes };
  }
  if (hasFolders) {
    const notes = nestedNote(inside);
    if (isListed && byList.some((name, i) => name !== null && name !== byFolder[i])) {
      notes.push(`Folders are the classes; ${listText(listed.from)} names others and is not used.`);
    }
    return { classes: byFolder.map((name) => name ?? ONE_CLASS), lists: [], notes };
  }
  const byName = classesByName(inside);
  if (byName) {
    const notes = [
      `The classes are the first words of the files' names, as in ${inside[0] ?? ""}.`,
    ];
    return { classes: byName, lists: [], notes };
  }
  return { classes: byFolder.map((name) => name ?? ONE_CLASS), lists: [], notes: [] };
}

/**
 * Recognises how a folder says what its images are: folders of classes, of splits above or below them, lists.
 * @param images sorted
 * @param wanted split that is asked for, or `EVERY_SPLIT`; absent, the one to train on
 */
export async function classifyFiles(
  images: readonly SourceFile[],
  lists: readonly SourceFile[],
  wanted: string | undefined,
): Promise<ClassifiedFiles> {
  const paths = images.map(({ path }) => path);
  const listed = await readImageLists(lists, paths);
  const level = splitLevel(paths.map((path) => path));
  const { of, names } = splitsOf(paths, level, listed);
  const split = chosenSplit(names, wanted);
  const splits = names.map((name) => ({
    name,
    images: paths.reduce((sum, _, image) => sum + (of(image) === name ? 1 : 0), 0),
  }));
  const taken = paths.flatMap((_, image) =>
    split === null || split === EVERY_SPLIT || of(image) === split ? [image] : [],
  );
  const { classes, lists: from, notes } = classify(taken, paths, level, listed);
  const where = level ? "Its folders are splits" : "Its lists name splits";
  const others = split === EVERY_SPLIT ? "All of them are taken" : `"${split ?? ""}" is taken`;
  return {
    images: taken.flatMap((image, i) => {
      const file = images[image];
      return file ? [{ file, className: classes[i] ?? null }] : [];
    }),
    split,
    splits,
    lists: from,
    notes: [
      ...(names.length > 0 ? [`${where}: ${countText(splits)}. ${others}.`] : []),
      ...notes,
      ...listed.notes,
    ],
  };
}
