/**
 * The promise about the page half: what the browser loads before anything is clicked (entry, its static
 * imports, their CSS) is under 350 kB gzip and holds no tfjs. Run after `vite build`.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT } from "./setup.mjs";

const LIMIT_BYTES = 350_000;
/** Strings of tfjs-core that no minifier touches: its global's name and a kernel's. */
const TFJS_MARKS = ["_tfengine", "SparseSegmentMean"];

/**
 * @param {Record<string, { file: string, isEntry?: boolean, imports?: string[], css?: string[] }>} manifest
 * @returns {string[]} files of dist/ that load with the page, without those behind import()
 */
export function initialFiles(manifest) {
  const files = new Set();
  const visit = (key) => {
    const chunk = manifest[key];
    if (!chunk || files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const css of chunk.css ?? []) files.add(css);
    for (const next of chunk.imports ?? []) visit(next);
  };
  for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) visit(key);
  return [...files];
}

const holdsTfjs = (text) => TFJS_MARKS.some((mark) => text.includes(mark));

function check() {
  const dist = join(ROOT, "dist");
  const manifestPath = join(dist, ".vite", "manifest.json");
  if (!existsSync(manifestPath))
    return ["dist/.vite/manifest.json is missing: run `npm run build`."];
  const files = initialFiles(JSON.parse(readFileSync(manifestPath, "utf8")));
  const problems = files.length ? [] : ["The manifest names no entry."];
  const text = new Map(files.map((file) => [file, readFileSync(join(dist, file))]));
  const total = [...text.values()].reduce((sum, bytes) => sum + gzipSync(bytes).length, 0);
  for (const [file, bytes] of text) {
    if (holdsTfjs(bytes.toString("utf8"))) problems.push(`${file} of the page half contains tfjs.`);
  }
  if (total > LIMIT_BYTES) {
    problems.push(`First load is ${total} bytes gzip, over the limit of ${LIMIT_BYTES}.`);
  }
  // the marks must still mean something: some worker has to carry them
  const others = readdirSync(join(dist, "assets")).filter(
    (name) => name.endsWith(".js") && !files.includes(`assets/${name}`),
  );
  if (!others.some((name) => holdsTfjs(readFileSync(join(dist, "assets", name), "utf8")))) {
    problems.push("No worker chunk carries a mark of tfjs: TFJS_MARKS is out of date.");
  }
  const kilobytes = (total / 1000).toFixed(1);
  console.log(
    `page half, first load: ${kilobytes} kB gzip of ${LIMIT_BYTES / 1000}, ${files.length} files`,
  );
  return problems;
}

if (process.argv[1]?.endsWith("bundleCheck.mjs")) {
  const problems = check();
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length ? 1 : 0;
}
