import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { SITE_HEADERS } from "../scripts/siteHeaders";
import { writeSite } from "../scripts/sitePlugin";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** Below which path the site is served. */
const PATH = "/lab/studio/";

/** A host as the plainest are: files by name, a content type, no other header, below a path. */
export interface StaticHost {
  readonly url: string;
  /** Serves another folder from now on, as after a deployment. */
  readonly serve: (folder: string) => void;
  /** No connection is answered any more: the network is gone. */
  readonly close: () => Promise<void>;
}

async function send(response: ServerResponse, file: string): Promise<void> {
  try {
    const body = await readFile(file);
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
    response.end(body);
  } catch {
    response.statusCode = 404;
    response.end();
  }
}

export async function staticHost(folder: string): Promise<StaticHost> {
  let served = folder;
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const name = pathname.startsWith(PATH) ? pathname.slice(PATH.length) : "none";
    void send(response, join(served, normalize(`/${name === "" ? "index.html" : name}`)));
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://localhost:${port}${PATH}`,
    serve: (next) => (served = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** In the head of a newer page; the studio sets the title itself. */
const NEWER = '<meta name="newer" content="yes" />';

/** Another version of the built site: its page has a mark in its head (`NEWER`). @returns its version */
export async function newerSite(from: string, to: string): Promise<string> {
  if (!existsSync(to)) cpSync(from, to, { recursive: true });
  const page = join(to, "index.html");
  writeFileSync(page, readFileSync(page, "utf8").replace("<head>", `<head>${NEWER}`));
  const { version } = await writeSite(to, SITE_HEADERS);
  return version;
}
