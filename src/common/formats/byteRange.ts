import { StudioError } from "../errors/studioError";

/** Bytes `first` (included) to `end` (not included) of a file. */
export interface ByteRange {
  readonly first: number;
  readonly end: number;
}

/** A file whose parts arrive in pieces, so that what came before a cut is not lost; src/common/formats/byteSource.ts reads whole parts. */
export interface StreamSource {
  /** What it is called, for messages. */
  readonly name: string;
  readonly bytes: number;
  /** The bytes of a range in order, in pieces of any size; all of them, or it throws. */
  readonly read: (range: ByteRange) => AsyncIterable<Uint8Array>;
}

export const rangeBytes = ({ first, end }: ByteRange): number => end - first;

/** All bytes of a range as one array. */
export async function readRange(source: StreamSource, range: ByteRange): Promise<Uint8Array> {
  const out = new Uint8Array(rangeBytes(range));
  let at = 0;
  for await (const piece of source.read(range)) {
    out.set(piece, at);
    at += piece.byteLength;
  }
  return out;
}

/** A file the user gave. */
export const blobStream = (name: string, blob: Blob): StreamSource => ({
  name,
  bytes: blob.size,
  async *read({ first, end }) {
    const step = 2 ** 20;
    for (let at = first; at < end; at += step) {
      const part = blob.slice(at, Math.min(end, at + step));
      try {
        yield new Uint8Array(await part.arrayBuffer());
      } catch (cause) {
        throw new StudioError(
          "PERMISSION_DENIED",
          `"${name}" could not be read any more, at byte ${at} of ${blob.size}.`,
          "The file was moved or changed after it was chosen: choose it again.",
          { cause },
        );
      }
    }
  },
});

/** The same file with its first bytes at hand already: they are not read again. */
export const withHead = (source: StreamSource, head: Uint8Array): StreamSource => ({
  ...source,
  async *read({ first, end }) {
    const known = Math.min(end, head.byteLength);
    if (first < known) yield head.subarray(first, known);
    if (end > known) yield* source.read({ first: Math.max(first, known), end });
  },
});
