/** Renders bench/results/*.json into docs/performance-results.md: `node scripts/run.mjs bench/report.ts`. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatFile } from "./format";
import { renderResults } from "./render";
import { METRICS_RESULTS, readResults, RESULTS_DIR } from "./results";

const DOC = "docs/performance-results.md";
const [BEGIN, END] = ["<!-- results: begin -->", "<!-- results: end -->"];

const names = (await readdir(RESULTS_DIR))
  .filter((name) => name.endsWith(".json") && join(RESULTS_DIR, name) !== METRICS_RESULTS)
  .sort();
const files = await Promise.all(
  names.map(
    async (name) =>
      [name.replace(/\.json$/, ""), await readResults(join(RESULTS_DIR, name))] as const,
  ),
);
const doc = await readFile(DOC, "utf8");
const [before, rest] = doc.split(BEGIN);
const after = rest?.split(END)[1];
if (before === undefined || after === undefined) throw new Error(`${DOC} lacks its markers.`);
await writeFile(DOC, `${before}${BEGIN}\n${renderResults(files)}\n\n${END}${after}`);
formatFile(DOC);
