import { createReadStream } from "node:fs";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { HubFailure } from "./failures";
import type { RepoFile } from "./repoFiles";

/** Bytes `first` to `last`, both included, as in the header. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** The range a header asks of `size` bytes; undefined when there is none to heed, "unsatisfiable" for 416. */
export function parseRange(
  header: string | undefined,
  size: number,
): ByteRange | "unsatisfiable" | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return undefined;
  const first = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return first > last ? "unsatisfiable" : { first, last };
}

async function* partsOf({ content }: RepoFile, { first, last }: ByteRange): AsyncGenerator<Buffer> {
  if (typeof content !== "string") {
    yield Buffer.from(content.subarray(first, last + 1));
    return;
  }
  for await (const part of createReadStream(content, { start: first, end: last })) {
    yield part as Buffer;
  }
}

const PAUSES_PER_SECOND = 20;

/** Writes one part in the small steps of a slow line. */
async function trickle(response: ServerResponse, part: Buffer, bytesPerSecond: number) {
  const step = Math.max(1, Math.floor(bytesPerSecond / PAUSES_PER_SECOND));
  for (let at = 0; at < part.length && !response.destroyed; at += step) {
    response.write(part.subarray(at, at + step));
    await sleep(1000 / PAUSES_PER_SECOND);
  }
}

/**
 * Sends `range` of a file, perhaps with a failure on the way.
 * @returns bytes handed to the connection
 */
export async function sendBytes(
  response: ServerResponse,
  file: RepoFile,
  range: ByteRange,
  failure: HubFailure | undefined,
): Promise<number> {
  let sent = 0;
  for await (const whole of partsOf(file, range)) {
    if (response.destroyed) return sent;
    const ends = failure?.kind === "cut" || failure?.kind === "stall";
    const room = ends ? failure.afterBytes - sent : Infinity;
    const part = whole.subarray(0, room);
    const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
    const inverted = file.size - 1 - (range.first + sent);
    if (failure?.kind === "wrongBytes" && inverted < part.length) {
      view.setUint8(inverted, view.getUint8(inverted) ^ 0xff);
    }
    sent += part.length;
    if (failure?.kind === "trickle") await trickle(response, part, failure.bytesPerSecond);
    else if (!response.write(part)) await drained(response);
    if (part.length < whole.length || room === part.length) {
      if (failure?.kind === "stall") await once(response, "close");
      // out first what counts as sent, then the break
      await sleep(20);
      response.destroy();
      return sent;
    }
  }
  response.end();
  return sent;
}

const drained = (response: ServerResponse) =>
  new Promise<void>((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
  });
