import { blobSource, type ByteSource } from "../../common/formats/byteSource";
import { streamRange, unlessSilent, type HubTools } from "./hubClient";

/** Received pieces are handed to the browser as often as this: it may keep them on disk. */
const BLOB_BYTES = 16 * 2 ** 20;

export interface RemoteFile {
  readonly url: string;
  readonly bytes: number;
}

export interface RemoteOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of what has come while a file is fetched whole, because its server gives no parts. */
  readonly onWhole?: ((file: RemoteFile, receivedBytes: number) => void) | undefined;
}

/** Whether a server sends the part that is requested. A failure or silence counts as yes: the first read reports it. */
async function givesParts(tools: HubTools, url: string, signal?: AbortSignal): Promise<boolean> {
  const request = new AbortController();
  const signals = AbortSignal.any([request.signal, ...(signal ? [signal] : [])]);
  try {
    const asked = tools.fetch(url, { headers: { Range: "bytes=0-0" }, signal: signals });
    const response = await unlessSilent(tools, asked);
    void response.body?.cancel();
    return response.status !== 200;
  } catch {
    request.abort();
    return true;
  }
}

async function readPart(
  tools: HubTools,
  { url, bytes }: RemoteFile,
  [first, end]: readonly [number, number],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const out = new Uint8Array(end - first);
  let at = 0;
  for await (const piece of streamRange(tools, url, { first, end }, bytes, signal)) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

async function fetchWhole(
  tools: HubTools,
  file: RemoteFile,
  { signal, onWhole }: RemoteOptions,
): Promise<Blob> {
  let whole = new Blob([]);
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let held = 0;
  const range = { first: 0, end: file.bytes };
  for await (const piece of streamRange(tools, file.url, range, file.bytes, signal)) {
    pieces.push(new Uint8Array(piece));
    held += piece.length;
    if (held >= BLOB_BYTES) {
      whole = new Blob([whole, ...pieces]);
      [pieces, held] = [[], 0];
    }
    onWhole?.(file, whole.size + held);
  }
  return new Blob([whole, ...pieces]);
}

/**
 * A file of the hub as something to read parts of, by single ranges, which need no permission of the server beyond
 * reading. A server that sends the whole file instead is asked once, and the file kept as long as the source.
 * Reading throws DOWNLOAD_FAILED, whose hint names the last way: dropping the file; or CANCELLED.
 */
export function remoteSource(
  tools: HubTools,
  file: RemoteFile,
  options: RemoteOptions = {},
): ByteSource {
  let parts: Promise<boolean> | undefined;
  let whole: Promise<Blob> | undefined;
  return {
    name: file.url,
    bytes: file.bytes,
    read: async (begin, end) => {
      parts ??= givesParts(tools, file.url, options.signal);
      if (await parts) return readPart(tools, file, [begin, end], options.signal);
      whole ??= fetchWhole(tools, file, options);
      try {
        return await blobSource(file.url, await whole).read(begin, end);
      } catch (error) {
        whole = undefined; // the next read tries again
        throw error;
      }
    },
  };
}
