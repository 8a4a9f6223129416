import { StudioError } from "../../common/errors/studioError";
import { byteSourceOf, type ByteSource } from "../../common/formats/byteSource";
import {
  badArchive,
  entriesOf,
  entryProblem,
  nameOf,
  readEntry,
  type FileEntry,
} from "../../common/formats/zipEntries";
import { isHidden } from "./imageKinds";
import { isWanted, type FileListing, type LeftOut, type SourceFile } from "./sourceFile";

/** Limits that an archive of images must keep. */
const MAX_ENTRIES = 5_000_000;
const MAX_ENTRY_BYTES = 256 * 2 ** 20;
const MAX_NESTED_BYTES = 2 ** 30;
/** Archives in archives: an archive of one archive a class is usual, deeper is not. */
const MAX_DEPTH = 2;

/** Why a name is not taken; undefined for one that stays within the archive. */
function nameProblem(name: string): string | undefined {
  if (name.split("/").includes("..")) return "its name leads out of the archive";
  if (name.startsWith("/") || /^[a-z]:/i.test(name)) return "its name is that of a place on a disk";
  const isNone = name === "" || Array.from(name).some((char) => char < " ");
  return isNone ? "its name is no file's name" : undefined;
}

/** Keeps the archive inside that was opened last: images are read in order, so one is enough. */
function lastOpened() {
  let last: { readonly path: string; readonly entries: Promise<FileEntry[]> } | undefined;
  return (path: string, open: () => Promise<FileEntry[]>): Promise<FileEntry[]> => {
    if (last?.path !== path) last = { path, entries: open() };
    return last.entries;
  };
}

const isArchivePath = (path: string) => /\.zip$/i.test(path);

const messageFor = (error: StudioError) => error.message.replace(/\.$/, "");

/** One archive among those that are listed: the outer one, or one inside it. */
interface OpenArchive {
  /** "" or the folder its name stands for, with a slash at its end. */
  readonly folder: string;
  readonly depth: number;
  readonly open: () => Promise<FileEntry[]>;
}

/**
 * The images and lists of a zip archive and of those inside it, whose names become folders. Only the directory is
 * read here; an archive inside is unpacked into memory, one at a time. An entry that cannot be had (a name that leads out
 * of the archive, a method that is not read, a damaged archive inside) is left out and named, and the others are taken.
 * @throws StudioError BAD_ARCHIVE for what is no zip
 */
export async function zipFiles(source: ByteSource): Promise<FileListing> {
  const nested = lastOpened();
  const files: SourceFile[] = [];
  const leftOut: LeftOut[] = [];
  const others: string[] = [];

  const reopen = async ({ open }: OpenArchive, index: number, path: string) => {
    const again = (await open())[index];
    if (!again) throw badArchive(source.name, `it changed while it was read (${path})`);
    return again;
  };
  const listInner = async (archive: OpenArchive, index: number, path: string): Promise<void> => {
    if (archive.depth >= MAX_DEPTH) {
      leftOut.push({ name: path, reason: `archives lie in it more than ${MAX_DEPTH} deep` });
      return;
    }
    const open = () =>
      nested(path, async () => {
        const bytes = await readEntry(path, await reopen(archive, index, path), MAX_NESTED_BYTES);
        return entriesOf(byteSourceOf(path, bytes), MAX_ENTRIES);
      });
    try {
      const folder = `${path.slice(0, -".zip".length)}/`;
      await listArchive({ folder, depth: archive.depth + 1, open });
    } catch (error) {
      if (!(error instanceof StudioError)) throw error;
      leftOut.push({ name: path, reason: messageFor(error) });
    }
  };
  const listArchive = async (archive: OpenArchive): Promise<void> => {
    for (const [index, entry] of (await archive.open()).entries()) {
      const name = nameOf(entry);
      const path = `${archive.folder}${name}`;
      const isArchive = isArchivePath(path);
      if (isHidden(name.replaceAll("../", ""))) continue;
      const wanted = isArchive || isWanted(path);
      const problem = nameProblem(name) ?? (wanted ? entryProblem(entry) : undefined);
      if (problem !== undefined) leftOut.push({ name: path, reason: problem });
      else if (isArchive) await listInner(archive, index, path);
      else if (isWanted(path)) {
        const read = async () =>
          readEntry(path, await reopen(archive, index, path), MAX_ENTRY_BYTES);
        files.push({ path, bytes: entry.uncompressedSize, read });
      } else others.push(path);
    }
  };

  const outer = await entriesOf(source, MAX_ENTRIES);
  await listArchive({ folder: "", depth: 0, open: () => Promise.resolve(outer) });
  return { files, leftOut, others };
}
