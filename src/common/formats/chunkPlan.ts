import { rangeBytes, readRange, type ByteRange, type StreamSource } from "./byteRange";
import {
  foreignWanted,
  parseSafetensorsHeader,
  safetensorsHeaderEnd,
  type SafetensorsEntry,
  type SafetensorsHeader,
} from "./safetensors";

/** A little that is not needed (a head) is fetched all the same: worth the checksum of the whole. */
const WHOLE_FRACTION = 0.05;
/** Bytes written to storage at once: the most that is lost when the page is closed. */
export const CHUNK_BYTES = 8 * 2 ** 20;
/** Gaps up to this are read through: cheaper than a request more. */
const JOIN_BYTES = 256 * 2 ** 10;
/** Holds the header of most files, so that one request is enough. */
const HEAD_BYTES = 64 * 2 ** 10;

/** Ranges in order, joined where no more than `joinBytes` lie between them; empty ones count for nothing. */
function joinRanges(ranges: readonly ByteRange[], joinBytes: number): ByteRange[] {
  const sorted = ranges.filter(({ first, end }) => end > first).sort((a, b) => a.first - b.first);
  const joined: { first: number; end: number }[] = [];
  for (const { first, end } of sorted) {
    const last = joined.at(-1);
    if (last && first <= last.end + joinBytes) last.end = Math.max(last.end, end);
    else joined.push({ first, end });
  }
  return joined;
}

/**
 * Cuts what is needed of a file into chunks: in order, none overlapping, none longer than `chunkBytes`, with every
 * needed byte in one of them.
 * @param needed ranges in any order, overlapping or not
 */
export const planChunks = (
  needed: readonly ByteRange[],
  chunkBytes = CHUNK_BYTES,
  joinBytes = JOIN_BYTES,
): ByteRange[] =>
  joinRanges(needed, joinBytes).flatMap(({ first, end }) =>
    Array.from({ length: Math.ceil((end - first) / chunkBytes) }, (_, at) => ({
      first: first + at * chunkBytes,
      end: Math.min(end, first + (at + 1) * chunkBytes),
    })),
  );

/** Chunks that follow one another without a gap, as single ranges: what one request asks for. */
export const runsOf = (chunks: readonly ByteRange[]): ByteRange[] => joinRanges(chunks, 0);

/** A safetensors file seen from the start: its header, and the bytes read to get it. */
export interface FileHead {
  readonly header: SafetensorsHeader;
  readonly bytes: Uint8Array;
}

/**
 * Reads a file's header and little more.
 * @throws StudioError BAD_SAFETENSORS; whatever the source throws
 */
export async function readHead(source: StreamSource): Promise<FileHead> {
  const guess = Math.min(source.bytes, HEAD_BYTES);
  let bytes = await readRange(source, { first: 0, end: guess });
  const end = safetensorsHeaderEnd(bytes, source.bytes);
  if (end > guess) {
    const rest = await readRange(source, { first: guess, end });
    const whole = new Uint8Array(end);
    whole.set(bytes);
    whole.set(rest, guess);
    bytes = whole;
  }
  return { header: parseSafetensorsHeader(bytes, source.bytes), bytes };
}

/** Which part of a file of weights is kept. */
export interface WeightsPlan {
  /** The tensors kept; `begin` and `end` count from the start of the file. */
  readonly tensors: readonly SafetensorsEntry[];
  /** Names of those that are not. */
  readonly leftOut: readonly string[];
  readonly chunks: readonly ByteRange[];
  /** Every byte of the file is kept, so that its checksum can be compared. */
  readonly whole: boolean;
}

/**
 * What to fetch of a file whose header says `header`, when only some of its tensors are needed.
 * @throws StudioError BAD_SAFETENSORS when one of them is of a type that is not read
 */
export function planWeights(
  { entries, foreign, dataStart }: SafetensorsHeader,
  fileBytes: number,
  needed: (name: string) => boolean,
): WeightsPlan {
  const wanted = foreign.find(({ name }) => needed(name));
  if (wanted) throw foreignWanted(wanted);
  const inFile = entries.map((entry) => ({
    ...entry,
    begin: dataStart + entry.begin,
    end: dataStart + entry.end,
  }));
  const tensors = inFile.filter(({ name }) => needed(name));
  const ranges = tensors.map(({ begin, end }) => ({ first: begin, end }));
  const surplus = fileBytes - dataStart - ranges.reduce((sum, range) => sum + rangeBytes(range), 0);
  if (surplus <= fileBytes * WHOLE_FRACTION) {
    const chunks = planChunks([{ first: 0, end: fileBytes }]);
    return { tensors: inFile, leftOut: [], whole: true, chunks };
  }
  const leftOut = [...entries, ...foreign].map(({ name }) => name).filter((name) => !needed(name));
  return { tensors, leftOut, whole: false, chunks: planChunks(ranges) };
}
