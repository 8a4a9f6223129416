import { Reader, ZipReader, type FileEntry } from "@zip.js/zip.js/lib/zip-core-native.js";
import { StudioError } from "../errors/studioError";
import type { ByteSource } from "./byteSource";

/**
 * Entries of a zip archive that nobody vouches for. Every size is checked before anything is allocated, against archives
 * made to exhaust memory.
 */
export type { FileEntry };

/** Deflate's own limit is 1032:1; images hardly shrink at all, a plain BMP may. */
const MAX_RATIO = 200;
/** Below this a high ratio harms nobody. */
export const SMALL_BYTES = 2 ** 20;

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

export const badArchive = (name: string, what: string, cause?: unknown) =>
  new StudioError(
    "BAD_ARCHIVE",
    `${name}: ${what}.`,
    "Unpack the archive and choose the folder, or make the archive again.",
    { cause },
  );

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** @throws StudioError BAD_ARCHIVE when an entry claims a size that its kind of file never has */
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

/**
 * An entry's bytes, of which there must be as many as it claims: memory for those alone is taken.
 * @param name for messages
 * @throws StudioError BAD_ARCHIVE when it claims more than `maxBytes`, or is damaged or encrypted
 */
export async function readEntry(
  name: string,
  entry: FileEntry,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
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
export function nameOf({ filename, rawFilename, filenameUTF8 }: FileEntry): string {
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
export function entryProblem({
  encrypted,
  compressionMethod: method,
}: FileEntry): string | undefined {
  if (encrypted) return "it is encrypted";
  if (READ_METHODS.includes(method)) return undefined;
  return `it is packed by ${METHODS[method] ?? "a method"} (method ${method}), which is not read`;
}

/**
 * The entries of an archive that are files, by its directory alone.
 * @throws StudioError BAD_ARCHIVE for what is no zip, or has more than `maxEntries` entries
 */
export async function entriesOf(source: ByteSource, maxEntries: number): Promise<FileEntry[]> {
  const found: FileEntry[] = [];
  try {
    const reader = new ZipReader(new SourceReader(source), {
      filenameValidation: "tolerant", // a name is nobody's path here: bad ones are left out one by one
      useWebWorkers: false,
    });
    let count = 0;
    for await (const entry of reader.getEntriesGenerator()) {
      count += 1;
      if (count > maxEntries) {
        throw badArchive(source.name, `it has more than ${maxEntries} entries`);
      }
      if (!entry.directory && !entry.symlink) found.push(entry);
    }
  } catch (cause) {
    if (cause instanceof StudioError) throw cause;
    throw badArchive(source.name, `it cannot be read as a zip (${messageOf(cause)})`, cause);
  }
  return found;
}
