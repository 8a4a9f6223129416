/**
 * What a page of many stored runs costs its reader: `npm run bench:runs -- [--dist DIR] [--case many|million]`. A profile is
 * filled with runs as an earlier version stored them; the first visit brings them into today's form, the second is measured.
 * `--dist` measures another build: before and after in the same hour. The built page in Chromium.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { presetById } from "../src/common/config/presets";
import { ensureBuilt, serveBuilt } from "../scripts/builtApp.mjs";
import { openBrowser } from "../scripts/headless/browser";
import { measurePage, measureTraining } from "./manyRuns/measure";
import { seedRuns, type SeededRuns } from "./manyRuns/seed";

const CASES: Readonly<Record<string, SeededRuns>> = {
  few: { runs: 20, points: 2000, shown: 5 },
  many: { runs: 200, points: 10_000, shown: 20 },
  million: { runs: 1, points: 1_000_000, shown: 1 },
};

const { values } = parseArgs({
  options: { dist: { type: "string" }, case: { type: "string", default: "many,million" } },
});

const rounded = (value: object) =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === "number" ? Math.round(one) : one));

async function measureCase(served: string, seeded: SeededRuns): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), "many-runs-"));
  const { context, origin } = await openBrowser({ profile, backend: "wasm" }, served);
  try {
    const page = await context.newPage();
    const { experiment } = presetById("tiny");
    const fill = performance.now();
    await seedRuns(page, origin, { ...seeded, experiment });
    console.log(`filled in ${Math.round(performance.now() - fill)} ms`);
    const address = `${origin}?backend=wasm`;
    for (const visit of ["first", "second"]) {
      const tab = await context.newPage();
      console.log(`${visit} visit`, rounded(await measurePage(tab, address, seeded.shown)));
      if (visit === "second")
        console.log("while a run trains", rounded(await measureTraining(tab)));
      await tab.close();
    }
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

if (values.dist === undefined) await ensureBuilt();
const server = await serveBuilt(values.dist === undefined ? {} : { outDir: resolve(values.dist) });
try {
  console.log(
    `${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}`,
  );
  for (const name of values.case.split(",")) {
    const seeded = CASES[name];
    if (!seeded) throw new Error(`--case must be of ${Object.keys(CASES).join(", ")}.`);
    console.log(`${name}: ${rounded(seeded)}`);
    await measureCase(server.url, seeded);
  }
} finally {
  await server.close();
}
