/** Runs a TypeScript script of this project, bundled first (about 0.3 s): `node scripts/run.mjs scripts/parity.ts ARGS`. */
import { mkdir } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleScript } from "./bundle.mjs";

const [entry, ...args] = process.argv.slice(2);
if (!entry) throw new Error("usage: node scripts/run.mjs SCRIPT.ts [ARGUMENTS]");
const outDir = resolve(".cache/scripts");
await mkdir(outDir, { recursive: true });
const outfile = resolve(outDir, `${basename(entry, ".ts")}.${process.pid}.mjs`);
await bundleScript(entry, outfile, {
  external: ["playwright", "playwright-core", "vite", "esbuild"],
});
process.argv = [process.argv[0] ?? "node", entry, ...args];
await import(pathToFileURL(outfile).href);
