import { createHmac } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { parquetFilesOf, treeOf } from "./api.ts";
import type { FailureBook, HubHost } from "./failures.ts";
import { commitOf, gitOidOf, isLarge, sha256Of, type RepoFile } from "./repoFiles.ts";
import { parseRange, sendBytes, type ByteRange } from "./sendBody.ts";

export interface LoggedRequest {
  readonly host: HubHost;
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** The file that was meant, `owner/name@revision/path`; null for other calls. */
  readonly key: string | null;
  /** As the header said it. */
  readonly range: string | null;
  readonly status: number;
  /** Bytes of the body handed to the connection; final when the answer has ended. */
  readonly sentBytes: number;
}

export interface HubState {
  readonly served: ReadonlyMap<string, RepoFile>;
  readonly failures: FailureBook;
  readonly log: LoggedRequest[];
  readonly origins: Readonly<Record<HubHost, string>>;
  readonly linkSeconds: number;
  readonly pageSize: number;
  readonly signingKey: string;
}

/** One request on its way to an answer. */
interface Exchange {
  readonly state: HubState;
  readonly host: HubHost;
  readonly url: URL;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly note: (fields: Partial<LoggedRequest>) => unknown;
}

const EXPOSED =
  "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash";

function sendHead(
  { request, response, note }: Exchange,
  status: number,
  headers: Record<string, string | number> = {},
) {
  note({ status });
  response.writeHead(status, {
    "Access-Control-Allow-Origin": request.headers.origin ?? "*",
    Vary: "Origin",
    "Access-Control-Expose-Headers": EXPOSED,
    "Cache-Control": "no-store",
    ...headers,
  });
}

function sendJson(exchange: Exchange, status: number, body: unknown, headers = {}) {
  const text = JSON.stringify(body);
  sendHead(exchange, status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    ...headers,
  });
  exchange.response.end(exchange.request.method === "HEAD" ? undefined : text);
}

const refuse = (exchange: Exchange, status: number, code: string) =>
  sendJson(exchange, status, { error: code }, { "X-Error-Code": code, "X-Error-Message": code });

/** Answers a status asked for by a rule; false when there is none. */
function failedByRule(exchange: Exchange, path: string): boolean {
  const failure = exchange.state.failures.take(["status"], exchange.host, path);
  if (failure?.kind !== "status") return false;
  const { status, retryAfterSeconds } = failure;
  const code = status === 401 || status === 403 ? "GatedRepo" : "Refused";
  const wait = retryAfterSeconds === undefined ? {} : { "Retry-After": retryAfterSeconds };
  sendJson(exchange, status, { error: code }, { "X-Error-Code": code, ...wait });
  return true;
}

const signature = (key: string, path: string, expires: string) =>
  createHmac("sha256", key).update(`${path}\n${expires}`).digest("hex");

const revisionFiles = (state: HubState, kind: string, repo: string, revision: string) =>
  [...state.served.values()].filter(
    (file) => file.kind === kind && file.repo === repo && file.revision === revision,
  );

async function commitOfRevision(files: readonly RepoFile[]): Promise<string> {
  const named = files.map(async (file) => ({ path: file.path, sha256: await sha256Of(file) }));
  return commitOf(await Promise.all(named));
}

/** The files of a branch, or of the branch whose newest commit is named. */
async function filesAt(
  state: HubState,
  kind: string,
  repo: string,
  revision: string,
): Promise<{ files: RepoFile[]; commit: string } | undefined> {
  const own = [...state.served.values()].filter((file) => file.kind === kind && file.repo === repo);
  for (const name of new Set(own.map((file) => file.revision))) {
    const files = revisionFiles(state, kind, repo, name);
    const commit = await commitOfRevision(files);
    if (name === revision || commit === revision) return { files, commit };
  }
  return undefined;
}

async function sendFile(exchange: Exchange, file: RepoFile, headers: Record<string, string>) {
  const { state, host, request, response, note } = exchange;
  const whole: ByteRange = { first: 0, last: file.size - 1 };
  const ignored = state.failures.take(["noRange"], host, file.path) !== undefined;
  const range = ignored ? undefined : parseRange(request.headers.range, file.size);
  if (range === "unsatisfiable") {
    sendHead(exchange, 416, { "Content-Range": `bytes */${file.size}` });
    response.end();
    return;
  }
  const { first, last } = range ?? whole;
  sendHead(exchange, range ? 206 : 200, {
    ...headers,
    "Content-Type": "application/octet-stream",
    "Content-Length": last - first + 1,
    ...(ignored ? {} : { "Accept-Ranges": "bytes" }),
    ...(range ? { "Content-Range": `bytes ${first}-${last}/${file.size}` } : {}),
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  const failure = state.failures.take(["cut", "stall", "trickle", "wrongBytes"], host, file.path);
  note({ sentBytes: await sendBytes(response, file, { first, last }, failure) });
}

/** `/{repo}/resolve/{revision}/{file}`: small files directly, large ones by a redirect with a signed link. */
async function resolveFile(
  exchange: Exchange,
  kind: string,
  repo: string,
  revision: string,
  path: string,
) {
  const { state, host, note } = exchange;
  if (failedByRule(exchange, path)) return;
  const found = await filesAt(state, kind, repo, revision);
  if (!found) {
    refuse(exchange, kind === "models" ? 401 : 404, "RepoNotFound");
    return;
  }
  const file = found.files.find((candidate) => candidate.path === path);
  if (!file) {
    refuse(exchange, 404, "EntryNotFound");
    return;
  }
  note({ key: file.key });
  if (!isLarge(file)) {
    const etag = `"${await gitOidOf(file)}"`;
    await sendFile(exchange, file, { "X-Repo-Commit": found.commit, ETag: etag });
    return;
  }
  const sha256 = await sha256Of(file);
  const linkPath = `/repos/${file.key.split("/").map(encodeURIComponent).join("/")}`;
  const over = state.failures.take(["expiredLink"], host, path) !== undefined;
  const nowSeconds = Math.floor(Date.now() / 1000);
  const expires = String(nowSeconds + (over ? -1 : state.linkSeconds));
  const query = new URLSearchParams({
    Expires: expires,
    Signature: signature(state.signingKey, linkPath, expires),
    "Key-Pair-Id": "LOCAL",
  });
  sendHead(exchange, 302, {
    Location: `${state.origins.storage}${linkPath}?${query.toString()}`,
    "X-Repo-Commit": found.commit,
    "X-Linked-Size": file.size,
    "X-Linked-ETag": `"${sha256}"`,
    ETag: `"${sha256}"`,
    "Accept-Ranges": "bytes",
    "Content-Length": 0,
  });
  exchange.response.end();
}

/** The second host: bytes to whoever brings a link that is signed and not over. */
async function answerStorage(exchange: Exchange) {
  const { state, url, note } = exchange;
  const key = url.pathname.replace("/repos/", "").split("/").map(decodeURIComponent).join("/");
  const file = state.served.get(key);
  if (file) note({ key });
  if (failedByRule(exchange, file?.path ?? url.pathname)) return;
  const expires = url.searchParams.get("Expires") ?? "";
  const signed =
    url.searchParams.get("Signature") === signature(state.signingKey, url.pathname, expires);
  if (!file || !signed || Number(expires) * 1000 < Date.now()) {
    refuse(exchange, 403, "AccessDenied");
    return;
  }
  await sendFile(exchange, file, { ETag: `"${await sha256Of(file)}"` });
}

async function answerApi(exchange: Exchange, kind: string, repo: string, call: string[]) {
  const { state, url } = exchange;
  if (failedByRule(exchange, url.pathname)) return;
  const [verb, revision = "", ...folder] = call;
  const found = await filesAt(state, kind, repo, revision);
  if (!found) {
    refuse(exchange, 401, "RepoNotFound");
    return;
  }
  if (verb === "revision") {
    const siblings = found.files.map(({ path }) => ({ rfilename: path }));
    sendJson(exchange, 200, { id: repo, sha: found.commit, private: false, siblings });
    return;
  }
  const recursive = ["true", "1", "True"].includes(url.searchParams.get("recursive") ?? "");
  const tree = verb === "tree" ? await treeOf(found.files, folder.join("/"), recursive) : undefined;
  if (tree) sendPage(exchange, tree, { "X-Repo-Commit": found.commit });
  else refuse(exchange, 404, "EntryNotFound");
}

/** A part of a list, and where the next one is. */
function sendPage(exchange: Exchange, list: readonly unknown[], headers: Record<string, string>) {
  const { state, url } = exchange;
  const first = Number(url.searchParams.get("cursor") ?? 0);
  const end = first + state.pageSize;
  const next = new URL(`${url.pathname}${url.search}`, state.origins.hub);
  next.searchParams.set("cursor", String(end));
  const link = end < list.length ? { Link: `<${next.href}>; rel="next"` } : {};
  sendJson(exchange, 200, list.slice(first, end), { ...headers, ...link });
}

async function answerHub(exchange: Exchange) {
  // segment by segment: a revision may hold an encoded slash
  const parts = exchange.url.pathname.split("/").slice(1).map(decodeURIComponent);
  const [first, second = "", owner = "", name = "", ...call] = parts;
  if (first === "api" && (second === "models" || second === "datasets")) {
    await answerApi(exchange, second, `${owner}/${name}`, call);
    return;
  }
  const kind = first === "datasets" ? "datasets" : "models";
  const [user = "", repo = "", verb, revision = "", ...path] =
    kind === "datasets" ? parts.slice(1) : parts;
  if (verb === "resolve") {
    await resolveFile(exchange, kind, `${user}/${repo}`, revision, path.join("/"));
  } else {
    refuse(exchange, 404, "NotFound");
  }
}

function answerDatasetsServer(exchange: Exchange) {
  const { state, url } = exchange;
  if (failedByRule(exchange, url.pathname)) return;
  const dataset = url.searchParams.get("dataset") ?? "";
  const files = revisionFiles(state, "datasets", dataset, "refs/convert/parquet");
  if (url.pathname !== "/parquet" || files.length === 0) refuse(exchange, 404, "ResponseNotFound");
  else sendJson(exchange, 200, parquetFilesOf(files, state.origins.hub));
}

/** Writes a request into the log and answers it. */
export async function answer(
  state: HubState,
  host: HubHost,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", state.origins[host]);
  const method = request.method ?? "GET";
  const entry: LoggedRequest = {
    host,
    method,
    path: url.pathname,
    key: null,
    range: request.headers.range ?? null,
    status: 0,
    sentBytes: 0,
  };
  state.log.push(entry);
  const note = (fields: Partial<LoggedRequest>) => Object.assign(entry, fields);
  const exchange: Exchange = { state, host, url, request, response, note };
  if (method === "OPTIONS") {
    const asked = request.headers["access-control-request-headers"] ?? "";
    sendHead(exchange, 204, {
      "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
      "Access-Control-Allow-Headers": asked,
    });
    response.end();
  } else if (host === "storage") await answerStorage(exchange);
  else if (host === "hub") await answerHub(exchange);
  else answerDatasetsServer(exchange);
}
