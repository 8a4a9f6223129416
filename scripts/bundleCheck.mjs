/**
 * Two promises about what the browser loads, gzip. The page half (entry, its static imports, their CSS) is under 350 kB
 * and holds no tfjs, nor does the worker that estimates. With all that is asked for before the first click (the index of the images, the worker that
 * estimates, the chart library, reference bands, the recorded run) it is under 1.5 MB. e2e/firstLoad.spec.ts measures the same in Chromium.
 * Run after `vite build`.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT } from "./setup.mjs";

const LIMIT_BYTES = 350_000;
const FIRST_CLICK_LIMIT_BYTES = 1_500_000;
/** Of dist/, besides the initial files. The charts come with the first curve, or at once where a run is stored. */
const BEFORE_FIRST_CLICK = [
  /^index\.html$/,
  /^icon\.svg$/,
  /^manifest\.webmanifest$/,
  /^sw\.js$/,
  /^emoji\/emoji\.json$/,
  /^bands\//,
  /^recorded\//,
  /^assets\/features\.worker-/,
  /^assets\/RechartsPlot-/,
];
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
  const paths = readdirSync(dist, { recursive: true }).map((path) => path.replaceAll("\\", "/"));
  const early = BEFORE_FIRST_CLICK.map((pattern) =>
    paths.filter((path) => pattern.test(path) && statSync(join(dist, path)).isFile()),
  );
  early.forEach((found, i) => {
    if (found.length === 0)
      problems.push(`No file of dist/ is ${BEFORE_FIRST_CLICK[i]}: the list is out of date.`);
  });
  const beforeClick = early
    .flat()
    .reduce((sum, path) => sum + gzipSync(readFileSync(join(dist, path))).length, total);
  if (beforeClick > FIRST_CLICK_LIMIT_BYTES) {
    problems.push(
      `Before the first click ${beforeClick} bytes gzip are loaded, over the limit of ${FIRST_CLICK_LIMIT_BYTES}.`,
    );
  }
  console.log(
    `before the first click: ${(beforeClick / 1000).toFixed(1)} kB gzip of ${FIRST_CLICK_LIMIT_BYTES / 1000}`,
  );
  // it estimates what caches cost before the first click; what fills them comes by import()
  for (const path of paths.filter((name) => /^assets\/features\.worker-/.test(name))) {
    if (holdsTfjs(readFileSync(join(dist, path), "utf8"))) problems.push(`${path} holds tfjs.`);
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
