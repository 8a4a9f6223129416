import { rangeBytes, type ByteRange, type StreamSource } from "../../common/formats/byteRange";
import { runsOf } from "../../common/formats/chunkPlan";

/**
 * Pulls chunks of a file and hands each to `sink` once it is whole, in order; the next bytes are taken when the sink
 * is done. Chunks that follow one another are asked for in one request.
 * @param onBytes called with the bytes of every piece that arrives
 */
export async function pullChunks(
  source: StreamSource,
  chunks: readonly ByteRange[],
  sink: (chunk: ByteRange, bytes: Uint8Array<ArrayBuffer>) => Promise<void>,
  onBytes: (count: number) => void,
): Promise<void> {
  for (const run of runsOf(chunks)) {
    const waiting = chunks.filter(({ first, end }) => first >= run.first && end <= run.end);
    let chunk = waiting.shift();
    let bytes = new Uint8Array(chunk ? rangeBytes(chunk) : 0);
    let filled = 0;
    for await (const piece of source.read(run)) {
      onBytes(piece.byteLength);
      for (let at = 0; chunk && at < piece.byteLength;) {
        const part = piece.subarray(at, at + bytes.byteLength - filled);
        bytes.set(part, filled);
        filled += part.byteLength;
        at += part.byteLength;
        if (filled < bytes.byteLength) continue;
        await sink(chunk, bytes);
        chunk = waiting.shift();
        bytes = new Uint8Array(chunk ? rangeBytes(chunk) : 0);
        filled = 0;
      }
    }
  }
}

/** How far a download is. */
export interface DownloadProgress {
  readonly doneBytes: number;
  readonly allBytes: number;
  /** Over the last few seconds, what was kept from before left out. */
  readonly bytesPerSecond: number;
}

const WINDOW_MS = 4000;
const REPORT_EVERY_MS = 200;

/** Counts bytes and reports a few times a second, and when all are there. */
export function progressMeter(
  clockMs: () => number,
  doneBefore: number,
  allBytes: number,
  report: (progress: DownloadProgress) => void,
) {
  let doneBytes = doneBefore;
  let reportedMs = -Infinity;
  let marks = [{ ms: clockMs(), bytes: doneBefore }];
  return (count: number): void => {
    doneBytes += count;
    const ms = clockMs();
    if (ms - reportedMs < REPORT_EVERY_MS && doneBytes < allBytes) return;
    reportedMs = ms;
    marks = marks.filter((mark, at) => at === marks.length - 1 || ms - mark.ms < WINDOW_MS);
    const oldest = marks[0] ?? { ms, bytes: doneBytes };
    const seconds = Math.max(1, ms - oldest.ms) / 1000;
    report({ doneBytes, allBytes, bytesPerSecond: (doneBytes - oldest.bytes) / seconds });
    marks.push({ ms, bytes: doneBytes });
  };
}
