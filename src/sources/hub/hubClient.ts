import { z } from "zod";
import { StudioError } from "../../common/errors/studioError";
import type { HubFile } from "../../common/catalogue/hubFile";
import type { ByteRange, StreamSource } from "../../common/formats/byteRange";
import { cancelled, failedDownload, gated, isPassing, retryDelayMs } from "./failures";
import { isFrom, type HubPlaces } from "./hosts";

/** What the client needs from outside. */
export interface HubTools {
  readonly places: HubPlaces;
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  /** Resolves after `ms`, or as soon as the signal is aborted (src/sources/hub/pause.ts). */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Resolves when a server has been silent for so long that it is asked again, or when the signal is aborted. */
  readonly silence: (signal: AbortSignal) => Promise<void>;
  /** Milliseconds since the epoch: a server may name a date to come back at. */
  readonly nowMs: () => number;
  /** Told why before something is tried again. */
  readonly onRetry?: (why: StudioError) => void;
}

/** A file of a model repository, or of a dataset's. */
export interface HubRef extends Pick<HubFile, "repo" | "revision" | "file"> {
  readonly kind?: "models" | "datasets";
}

/** Facts about a file on the hub, known before its download. */
export interface FileFacts {
  readonly bytes: number;
  /** Hex, where the hub keeps one (large files). */
  readonly sha256: string | null;
  /** The commit the revision named just now. */
  readonly commit: string;
}

/** Tries without a byte of progress before a download is given up. */
const MAX_TRIES = 6;

const encodePath = (path: string) => path.split("/").map(encodeURIComponent).join("/");

/** Address of a file's bytes. */
export function resolveUrl(places: HubPlaces, { kind, repo, revision, file }: HubRef): string {
  const start = kind === "datasets" ? `${places.hub}/datasets` : places.hub;
  return `${start}/${encodePath(repo)}/resolve/${encodeURIComponent(revision)}/${encodePath(file)}`;
}

/** The result of `next`, or an error when the server sends nothing for too long. */
export async function unlessSilent<T>({ silence }: HubTools, next: Promise<T>): Promise<T> {
  const heard = new AbortController();
  const silent = silence(heard.signal).then(() =>
    heard.signal.aborted ? next : Promise.reject(new Error("The server fell silent.")),
  );
  try {
    return await Promise.race([next, silent]);
  } finally {
    heard.abort();
  }
}

/** A successful response of one of the hub's hosts. Anything else is thrown or tried again. */
async function ask(
  tools: HubTools,
  url: string,
  init: RequestInit,
): Promise<Response | { retry: StudioError; afterMs: number | null }> {
  let response: Response;
  const request = new AbortController();
  const signal = AbortSignal.any([request.signal, ...(init.signal ? [init.signal] : [])]);
  try {
    response = await unlessSilent(tools, tools.fetch(url, { ...init, signal }));
  } catch (cause) {
    request.abort();
    if (init.signal?.aborted) throw cancelled(url);
    return { retry: failedDownload(url, "there was no response", cause), afterMs: null };
  }
  const from = response.url === "" ? url : response.url;
  if (!isFrom(from, tools.places.sources)) {
    void response.body?.cancel();
    throw failedDownload(
      url,
      `it was redirected to ${new URL(from).origin}, which is not the hub's`,
    );
  }
  if (response.ok) return response;
  void response.body?.cancel();
  const { status } = response;
  const atHub = new URL(from).origin === new URL(url).origin;
  if (atHub && (status === 401 || status === 403)) throw gated(url, status);
  const error = failedDownload(url, `the server responded with ${status}`);
  // 403 of the storage host: the signed link is over, the next try gets a fresh one
  if (status === 403) return { retry: error, afterMs: 0 };
  if (!isPassing(status)) throw error;
  return {
    retry: error,
    afterMs: retryDelayMs(response.headers.get("Retry-After"), tools.nowMs()),
  };
}

/** Counts tries since something last went forward and waits between them, longer each time. */
function patience(tools: HubTools, url: string, signal: AbortSignal | undefined) {
  let tries = 0;
  return {
    progressed: () => {
      tries = 0;
    },
    wait: async (error: StudioError, afterMs: number | null) => {
      tries += 1;
      if (tries >= MAX_TRIES) throw error;
      tools.onRetry?.(error);
      // retried at once only the first time: a link that has expired again is a failure like others
      const wait = afterMs === null || (afterMs === 0 && tries > 1) ? 500 * 2 ** tries : afterMs;
      if (wait > 0) await tools.sleep(wait, signal);
      if (signal?.aborted) throw cancelled(url);
    },
  };
}

/**
 * JSON of the hub's API, checked by `schema`.
 * @throws StudioError DOWNLOAD_FAILED, CANCELLED
 */
export const fetchJson = async <T>(
  tools: HubTools,
  url: string,
  schema: z.ZodType<T>,
  signal?: AbortSignal,
): Promise<T> => (await fetchPage(tools, url, schema, signal)).data;

/** A list has thousands of entries a page at most, a repository hundreds of thousands of files. */
const MOST_PAGES = 500;

/**
 * A list of the hub's API with all of its pages: each names the next one in its Link header.
 * @throws StudioError DOWNLOAD_FAILED, also where there is no end to it; CANCELLED
 */
export async function fetchList<T>(
  tools: HubTools,
  url: string,
  schema: z.ZodType<T[]>,
  signal?: AbortSignal,
): Promise<T[]> {
  const all: T[] = [];
  let next: string | null = url;
  for (let pages = 0; next !== null; pages++) {
    if (pages === MOST_PAGES) throw failedDownload(url, `it has more than ${MOST_PAGES} pages`);
    const page: Page<T[]> = await fetchPage(tools, next, schema, signal);
    all.push(...page.data);
    next = page.next;
  }
  return all;
}

interface Page<T> {
  readonly data: T;
  /** Address of the page after this one; null when it is the last. */
  readonly next: string | null;
}

function nextPage(response: Response, url: string): string | null {
  const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get("Link") ?? "")?.[1];
  return link === undefined ? null : new URL(link, url).href;
}

async function fetchPage<T>(
  tools: HubTools,
  url: string,
  schema: z.ZodType<T>,
  signal?: AbortSignal,
): Promise<Page<T>> {
  const { wait } = patience(tools, url, signal);
  for (;;) {
    const response = await ask(tools, url, signal ? { signal } : {});
    if (!(response instanceof Response)) {
      await wait(response.retry, response.afterMs);
      continue;
    }
    let body: unknown;
    try {
      body = await unlessSilent<unknown>(tools, response.json());
    } catch (cause) {
      if (signal?.aborted) throw cancelled(url);
      await wait(failedDownload(url, "its response broke off or is not JSON", cause), null);
      continue;
    }
    const parsed = schema.safeParse(body);
    if (parsed.success) return { data: parsed.data, next: nextPage(response, url) };
    throw failedDownload(url, "its response is not what the hub's API gives", parsed.error);
  }
}

const Revision = z.looseObject({ sha: z.string().regex(/^[0-9a-f]{40}$/) });
const Size = z.int().min(0);
const Tree = z.array(
  z.looseObject({
    type: z.string(),
    path: z.string(),
    size: Size,
    lfs: z.looseObject({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: Size }).optional(),
  }),
);

/**
 * Size, checksum and commit of a file, from the hub's API.
 * @throws StudioError DOWNLOAD_FAILED (also when there is no such file), CANCELLED
 */
export async function fileFacts(
  tools: HubTools,
  { kind = "models", repo, revision, file }: HubRef,
  signal?: AbortSignal,
): Promise<FileFacts> {
  const api = `${tools.places.hub}/api/${kind}/${encodePath(repo)}`;
  const revisionUrl = `${api}/revision/${encodeURIComponent(revision)}`;
  const { sha: commit } = await fetchJson(tools, revisionUrl, Revision, signal);
  const folder = file.split("/").slice(0, -1).join("/");
  const treeUrl = `${api}/tree/${commit}${folder === "" ? "" : `/${encodePath(folder)}`}`;
  const tree = await fetchList(tools, treeUrl, Tree, signal);
  const entry = tree.find(({ type, path }) => type === "file" && path === file);
  if (!entry) throw failedDownload(treeUrl, `${repo} has no file "${file}" at "${revision}"`);
  return { bytes: entry.lfs?.size ?? entry.size, sha256: entry.lfs?.oid ?? null, commit };
}

/**
 * How many bytes of a response come before those asked for. Checks that the range is the one asked for, and that a whole
 * file is as long as it was said to be.
 */
function leadingBytes(response: Response, first: number, fileBytes: number, url: string): number {
  if (response.status !== 206) {
    const length = response.headers.get("Content-Length");
    const isPlain = response.headers.get("Content-Encoding") === null;
    if (length !== null && isPlain && Number(length) !== fileBytes) {
      throw failedDownload(url, `the file has ${length} bytes instead of ${fileBytes}`);
    }
    return first;
  }
  const range = response.headers.get("Content-Range");
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range ?? "") ?? [];
  if (range === null) return 0;
  if (Number(start) !== first) {
    throw failedDownload(url, `asked for bytes from ${first}, it sent "${range}"`);
  }
  if (total !== "*" && Number(total) !== fileBytes) {
    throw failedDownload(url, `the file has ${total ?? ""} bytes instead of ${fileBytes}`);
  }
  return 0;
}

/**
 * Bytes of a file, in order, in the pieces they come in. What breaks off goes on from the byte reached; a server
 * without ranges is read from its start and what was not asked for is passed over.
 * @param fileBytes the file's size, as `fileFacts` says it
 * @throws StudioError DOWNLOAD_FAILED with the address and what happened, CANCELLED
 */
export async function* streamRange(
  tools: HubTools,
  url: string,
  range: ByteRange,
  fileBytes: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { wait, progressed } = patience(tools, url, signal);
  let at = range.first;
  while (at < range.end) {
    const headers = { Range: `bytes=${at}-${range.end - 1}` };
    const response = await ask(tools, url, signal ? { headers, signal } : { headers });
    if (!(response instanceof Response)) {
      await wait(response.retry, response.afterMs);
      continue;
    }
    let skip = leadingBytes(response, at, fileBytes, url);
    const reader = response.body?.getReader();
    try {
      for (;;) {
        const next = reader && unlessSilent(tools, reader.read());
        const part = await next?.catch((cause: unknown) => ({ cause }));
        if (!part || "cause" in part || part.done) {
          if (signal?.aborted) throw cancelled(url);
          if (at >= range.end) break;
          const error = `the connection broke at byte ${at} of ${fileBytes}`;
          await wait(
            failedDownload(url, error, part && "cause" in part ? part.cause : undefined),
            null,
          );
          break;
        }
        const passed = Math.min(skip, part.value.byteLength);
        skip -= passed;
        const piece = part.value.subarray(passed, passed + range.end - at);
        if (piece.byteLength > 0) {
          at += piece.byteLength;
          progressed();
          yield piece;
        }
        if (at >= range.end) break;
      }
    } finally {
      // also when the reader of this generator has had enough
      void reader?.cancel().catch(() => undefined);
    }
  }
}

/** A file of the hub as something to read ranges of, at the commit its facts name. */
export const hubSource = (
  tools: HubTools,
  ref: HubRef,
  { bytes, commit }: FileFacts,
  signal?: AbortSignal,
): StreamSource => {
  const url = resolveUrl(tools.places, { ...ref, revision: commit });
  return {
    name: `${ref.repo}/${ref.file}`,
    bytes,
    read: (range) => streamRange(tools, url, range, bytes, signal),
  };
};
