import { isHidden, isImagePath } from "./imageKinds";
import { isListPath } from "./listRows";

/** A file of a folder or of an archive. */
export interface SourceFile {
  /** With slashes, inside the folder or archive. */
  readonly path: string;
  readonly bytes: number;
  readonly read: () => Promise<Uint8Array>;
}

/** A file that cannot be had, and why. */
export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

/** What a folder or an archive holds. */
export interface FileListing {
  /** Images, and lists that may say what is on them. */
  readonly files: readonly SourceFile[];
  /** Files that are named and cannot be read. */
  readonly leftOut: readonly LeftOut[];
  /** Paths of all other files. */
  readonly others: readonly string[];
}

/** Whether a file matters: an image or a list beside images. */
export const isWanted = (path: string): boolean =>
  isImagePath(path) || (isListPath(path) && !isHidden(path));

/** Files that are all at hand as a listing. */
export const listingOf = (files: readonly SourceFile[]): FileListing => ({
  files: files.filter(({ path }) => isWanted(path)),
  leftOut: [],
  others: files.flatMap(({ path }) => (isWanted(path) || isHidden(path) ? [] : [path])),
});

/** Several listings as one. */
export const joined = (listings: readonly FileListing[]): FileListing => ({
  files: listings.flatMap(({ files }) => files),
  leftOut: listings.flatMap(({ leftOut }) => leftOut),
  others: listings.flatMap(({ others }) => others),
});

const MAX_KINDS = 8;

/** "12 .txt, 3 .mat": files by their kind, most first. */
export function kindsOf(paths: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const kind = /\.[^./]{1,12}$/.exec(path)?.[0].toLowerCase() ?? "without extension";
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, MAX_KINDS).map(([kind, count]) => `${count} ${kind}`);
  return [...shown, ...(sorted.length > MAX_KINDS ? ["others"] : [])].join(", ");
}
