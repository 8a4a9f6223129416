/** Builds the page when its sources are newer than dist/, and serves it as `vite preview` does. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./setup.mjs";

/** Whatever decides the bundle; tests and documentation do not. */
const SOURCES = [
  ...[
    "index.html",
    "vite.config.ts",
    "scripts/sitePlugin.ts",
    "scripts/siteHeaders.ts",
    "package-lock.json",
  ],
  ...["src", "workers", "public"],
];

/** @returns milliseconds of the newest file under `path`, 0 when there is none */
function newestMs(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return /\.test\.tsx?$/.test(path) ? 0 : stat.mtimeMs;
  // the folder's own time tells of deleted files
  return readdirSync(path).reduce(
    (newest, name) => Math.max(newest, newestMs(join(path, name))),
    stat.mtimeMs,
  );
}

export function buildIsCurrent() {
  const built = join(ROOT, "dist", "index.html");
  if (!existsSync(built)) return false;
  const builtMs = statSync(built).mtimeMs;
  return SOURCES.every((name) => newestMs(join(ROOT, name)) <= builtMs);
}

/** Runs `vite build` unless dist/ is newer than every source. */
export async function ensureBuilt() {
  if (buildIsCurrent()) return;
  const { build } = await import("vite");
  await build({ root: ROOT, logLevel: "warn" });
}

/**
 * Serves dist/ with the headers of vite.config.ts (cross-origin isolation).
 * @param {{ port?: number, strictPort?: boolean, host?: boolean, https?: { key: string, cert: string }, outDir?: string }} [options]
 *   port 0, the default, takes a free one; host: other machines reach it too; outDir: another build than dist/
 * @returns the address here, those for other machines, and a function that ends the server
 */
export async function serveBuilt({
  port = 0,
  strictPort = false,
  host = false,
  https,
  outDir,
} = {}) {
  const { preview } = await import("vite");
  const server = await preview({
    root: ROOT,
    logLevel: "warn",
    ...(outDir && { build: { outDir } }),
    preview: {
      ...{ port, strictPort, open: false, host: host ? true : "localhost" },
      ...(https && { https }),
    },
  });
  const url = server.resolvedUrls?.local[0];
  if (!url) throw new Error("vite preview gave no local address");
  return { url, networkUrls: server.resolvedUrls?.network ?? [], close: () => server.close() };
}
