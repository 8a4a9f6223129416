/**
 * The part of the build that makes it a site anyone can host: the service worker (sw.js) with the list of all files, and
 * site.json, which says the version and its size. docs/decisions/0022-site-anywhere.md says why.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { build } from "esbuild";
import type { Plugin } from "vite";
import type { Site, SiteFacts, SiteFile } from "../src/common/protocol/site.ts";

const WORKER = "sw.js";
const FACTS = "site.json";

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** Every file below `folder`, by path, without hidden ones (Vite's manifest) and those this plugin writes. */
function filesOf(folder: string): SiteFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ file, path: relative(folder, file).split(sep).join("/") }))
    .filter(({ path }) => !path.startsWith(".") && path !== WORKER && path !== FACTS)
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ file, path }) => {
      const bytes = readFileSync(file);
      return { path, bytes: bytes.length, sha256: sha256(bytes) };
    });
}

/**
 * Writes sw.js and site.json for what lies in `folder`.
 * @param headers what the service worker adds to every response
 */
export async function writeSite(folder: string, headers: Site["headers"]): Promise<SiteFacts> {
  const files = filesOf(folder);
  const version = sha256(JSON.stringify([files, headers])).slice(0, 12);
  const site: Site = { version, files, headers };
  await build({
    entryPoints: [join(import.meta.dirname, "..", "workers", "site.worker.ts")],
    outfile: join(folder, WORKER),
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    logLevel: "warning",
    define: { __SITE__: JSON.stringify(site) },
  });
  const facts: SiteFacts = { version, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  writeFileSync(join(folder, FACTS), `${JSON.stringify(facts)}\n`);
  return facts;
}

export function sitePlugin(headers: Site["headers"]): Plugin {
  let folder = "dist";
  return {
    name: "site",
    apply: "build",
    configResolved: ({ root, build: { outDir } }) => {
      folder = join(root, outDir);
    },
    closeBundle: { order: "post", handler: () => writeSite(folder, headers).then(() => undefined) },
  };
}
