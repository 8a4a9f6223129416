/**
 * Runs a TypeScript script of this project: `node scripts/run.mjs scripts/parity.ts ARGS`.
 * tfjs' modules do not resolve in Node as they are, so the script is bundled first (about 0.3 s).
 */
import { mkdir } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const [entry, ...args] = process.argv.slice(2);
if (!entry) throw new Error("usage: node scripts/run.mjs SCRIPT.ts [ARGUMENTS]");
const outDir = resolve(".cache/scripts");
await mkdir(outDir, { recursive: true });
const outfile = resolve(outDir, `${basename(entry, ".ts")}.${process.pid}.mjs`);
await build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
  logLevel: "warning",
  mainFields: ["module", "main"],
  external: ["playwright", "playwright-core", "vite"],
  // bundled CommonJS parts ask for require and __dirname, which ES modules lack
  banner: {
    js: 'import { createRequire as requireOf } from "node:module"; import { dirname as dirnameOf } from "node:path"; import { fileURLToPath as pathOf } from "node:url"; const require = requireOf(import.meta.url); const __filename = pathOf(import.meta.url); const __dirname = dirnameOf(__filename);',
  },
});
process.argv = [process.argv[0] ?? "node", entry, ...args];
await import(pathToFileURL(outfile).href);
