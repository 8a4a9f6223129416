import { Reader, ZipReader, type FileEntry } from "@zip.js/zip.js/lib/zip-core-native.js";
import { StudioError } from "../../common/errors/studioError";
import { byteSourceOf, type ByteSource } from "../../common/formats/byteSource";
import { isImagePath, type SourceFile } from "./filesSource";

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

/** The entries of one archive that are files. */
async function entriesOf(source: ByteSource): Promise<FileEntry[]> {
  const found: FileEntry[] = [];
  try {
    const reader = new ZipReader(new SourceReader(source), {
      filenameValidation: "balanced", // no way out of the archive: "..", absolute paths, drives
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

/**
 * The images (and labels) of a zip archive and of those inside it, whose names become folders. Only the directory is
 * read here; an archive inside is unpacked into memory, one at a time.
 * @throws StudioError BAD_ARCHIVE for what is no zip, leads out of itself or claims the sizes of a bomb
 */
export async function zipFiles(source: ByteSource): Promise<SourceFile[]> {
  const nested = lastOpened();

  const filesIn = async (
    folder: string,
    depth: number,
    open: () => Promise<FileEntry[]>,
  ): Promise<SourceFile[]> => {
    const files: SourceFile[] = [];
    for (const [index, entry] of (await open()).entries()) {
      const path = `${folder}${entry.filename}`;
      const reopened = async () => {
        const again = (await open())[index];
        if (!again) throw badArchive(source.name, `it changed while it was read (${path})`);
        return again;
      };
      if (isArchivePath(path) && !path.includes("__MACOSX/")) {
        if (depth >= MAX_DEPTH) {
          throw badArchive(source.name, `archives lie in it more than ${MAX_DEPTH} deep (${path})`);
        }
        const openInner = () =>
          nested(path, async () => {
            const bytes = await readEntry(path, await reopened(), MAX_NESTED_BYTES);
            return entriesOf(byteSourceOf(path, bytes));
          });
        files.push(...(await filesIn(`${path.slice(0, -".zip".length)}/`, depth + 1, openInner)));
      } else if (isImagePath(path) || path.endsWith(".json")) {
        files.push({
          path,
          bytes: entry.uncompressedSize,
          read: async () => readEntry(path, await reopened(), MAX_ENTRY_BYTES),
        });
      }
    }
    return files;
  };

  const outer = await entriesOf(source);
  return filesIn("", 0, () => Promise.resolve(outer));
}
