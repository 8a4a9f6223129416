import { Reader, ZipReader, type FileEntry } from "@zip.js/zip.js/lib/zip-core-native.js";
import { StudioError } from "../../common/errors/studioError";
import { byteSourceOf, type ByteSource } from "../../common/formats/byteSource";
import { isHidden } from "./imageKinds";
import { isWanted, type FileListing, type LeftOut, type SourceFile } from "./sourceFile";

/**
 * Limits that an archive must keep, against archives made to exhaust memory. Every size is checked before anything is
 * allocated.
 */
const MAX_ENTRIES = 5_000_000;
const MAX_ENTRY_BYTES = 256 * 2 ** 20;
const MAX_NESTED_BYTES = 2 ** 30;
/** Deflate's own limit is 1032:1; images hardly shrink at all, a plain BMP may. */
const MAX_RATIO = 200;
/** Below this a high ratio harms nobody. */
const SMALL_BYTES = 2 ** 20;
/** Archives in archives: an archive of one archive a class is usual, deeper is not. */
const MAX_DEPTH = 2;

/** Lets zip.js read what it needs of a source, and no more. */
class SourceReader extends Reader<ByteSource> {
  constructor(private readonly source: ByteSource) {
    super(source);
    this.size = source.bytes;
  }
  override readUint8Array(at: number, length: number): Promise<Uint8Array> {
    const end = Math.min(at + length, this.source.bytes);
    return at < end ? this.source.read(at, end) : Promise.resolve(new Uint8Array(0));
  }
}

const badArchive = (name: string, what: string, cause?: unknown) =>
  new StudioError(
    "BAD_ARCHIVE",
    `${name}: ${what}.`,
    "Unpack the archive and choose the folder, or make the archive again.",
    { cause },
  );

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** @throws StudioError BAD_ARCHIVE when an entry claims a size that no image has */
function checkClaims(name: string, entry: FileEntry, maxBytes: number) {
  const { uncompressedSize, compressedSize } = entry;
  if (uncompressedSize > maxBytes) {
    throw badArchive(name, `it claims ${uncompressedSize} bytes, more than ${maxBytes}`);
  }
  if (uncompressedSize > SMALL_BYTES && uncompressedSize > compressedSize * MAX_RATIO) {
    throw badArchive(
      name,
      `${compressedSize} bytes claim to unpack to ${uncompressedSize}, more than ${MAX_RATIO} times as many`,
    );
  }
}

/** An entry's bytes, of which there must be as many as it claims: memory for those alone is taken. */
async function readEntry(name: string, entry: FileEntry, maxBytes: number): Promise<Uint8Array> {
  checkClaims(name, entry, maxBytes);
  if (entry.encrypted) throw badArchive(name, "it is encrypted");
  const out = new Uint8Array(entry.uncompressedSize);
  let at = 0;
  const writable = new WritableStream<Uint8Array>({
    write: (piece) => {
      if (at + piece.length > out.length) {
        throw badArchive(name, `it unpacks to more than the ${out.length} bytes it claims`);
      }
      out.set(piece, at);
      at += piece.length;
    },
  });
  try {
    await entry.getData(writable, { checkCrc32: true, useWebWorkers: false });
  } catch (cause) {
    if (cause instanceof StudioError) throw cause;
    throw badArchive(name, `it cannot be unpacked (${messageOf(cause)})`, cause);
  }
  if (at !== out.length) throw badArchive(name, `it unpacks to ${at} of ${out.length} bytes`);
  return out;
}

/**
 * An entry's name. Writers that do not say which letters they use mean UTF-8 (macOS) or code page 437, which is what the
 * library takes then; Windows' old ones write backslashes.
 */
function nameOf({ filename, rawFilename, filenameUTF8 }: FileEntry): string {
  const utf8 = () => {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(rawFilename);
    } catch {
      return filename;
    }
  };
  const name = filenameUTF8 || rawFilename.every((byte) => byte < 0x80) ? filename : utf8();
  return name.replaceAll("\\", "/").replace(/^(\.\/)+/, "");
}

/** Why a name is not taken; undefined for one that stays within the archive. */
function nameProblem(name: string): string | undefined {
  if (name.split("/").includes("..")) return "its name leads out of the archive";
  if (name.startsWith("/") || /^[a-z]:/i.test(name)) return "its name is that of a place on a disk";
  const isNone = name === "" || Array.from(name).some((char) => char < " ");
  return isNone ? "its name is no file's name" : undefined;
}

/** How archives call the ways to pack an entry that are not read here. */
const METHODS: Readonly<Record<number, string>> = {
  1: "Shrink",
  6: "Implode",
  12: "BZip2",
  14: "LZMA",
  93: "Zstandard",
  95: "XZ",
  96: "JPEG",
  97: "WavPack",
  98: "PPMd",
};
/** Stored, Deflate, Deflate64. */
const READ_METHODS = [0, 8, 9];

/** Why an entry cannot be unpacked, by what the directory says of it; undefined when it can be tried. */
function entryProblem({ encrypted, compressionMethod: method }: FileEntry): string | undefined {
  if (encrypted) return "it is encrypted";
  if (READ_METHODS.includes(method)) return undefined;
  return `it is packed by ${METHODS[method] ?? "a method"} (method ${method}), which is not read`;
}

/** The entries of one archive that are files. */
async function entriesOf(source: ByteSource): Promise<FileEntry[]> {
  const found: FileEntry[] = [];
  try {
    const reader = new ZipReader(new SourceReader(source), {
      filenameValidation: "tolerant", // a name is nobody's path here: bad ones are left out one by one
      useWebWorkers: false,
    });
    let count = 0;
    for await (const entry of reader.getEntriesGenerator()) {
      count += 1;
      if (count > MAX_ENTRIES) {
        throw badArchive(source.name, `it has more than ${MAX_ENTRIES} entries`);
      }
      if (!entry.directory && !entry.symlink) found.push(entry);
    }
  } catch (cause) {
    if (cause instanceof StudioError) throw cause;
    throw badArchive(source.name, `it cannot be read as a zip (${messageOf(cause)})`, cause);
  }
  return found;
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
        return entriesOf(byteSourceOf(path, bytes));
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

  const outer = await entriesOf(source);
  await listArchive({ folder: "", depth: 0, open: () => Promise.resolve(outer) });
  return { files, leftOut, others };
}
