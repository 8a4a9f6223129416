/**
 * `npm run sweep -- DIR [--jobs N] [--backend NAME] [--adapter NAME] [--results FILE]`: every run of DIR/plan.json (SweepPlan) that has no
 * summary in DIR/runs, N side by side, each in a process of its own; then DIR/table.csv, a line a run, and DIR/table.md,
 * a line a setting with intervals over seeds. The same command goes on after an interruption: what is trained stays in
 * .cache/sweep. `--results FILE` gathers the runs in one file that the page opens (docs/result-files.md); runs that were made
 * without it are not in it, and with `--samples-of-seed S` only that seed's samples are, which are most of a file. `--table` only writes the tables and that file. Exit code 1 when a run failed; the others are made all the same.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { isMainThread } from "node:worker_threads";
import { z } from "zod";
import { formatFile } from "../bench/format";
import { ADAPTERS } from "./node/adapters";
import { checkoutPlaces } from "./node/places";
import { openNodeStudio } from "./node/studio";
import { joinResultsFiles } from "./resultFiles/joinFiles";
import { expandGrid, runName, SweepPlan, type SweepRun } from "./sweep/plan";
import { sweepRun } from "./sweep/oneRun";
import { isDone, RunSummary } from "./sweep/summary";
import { csvTable, markdownTable } from "./sweep/table";
import { ROOT } from "./setup.mjs";

const readJson = async (path: string): Promise<unknown> => {
  const text = await readFile(path, "utf8").catch(() => undefined); // not there yet
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined; // half a file is no summary: the run is made again
  }
};

const summaryFile = (dir: string, { id }: SweepRun) => join(dir, "runs", `${id}.json`);
const note = (text: string) => process.stderr.write(`${new Date().toISOString()} ${text}\n`);

interface Sweep {
  readonly dir: string;
  readonly plan: SweepPlan;
  readonly jobs: number;
  readonly backend: "auto" | "webgpu" | "wasm" | "cpu";
  readonly adapter: string;
  /** The file of results to write; undefined: none. */
  readonly results: string | undefined;
  /** The seed whose runs have their samples in it; undefined: all. */
  readonly samplesOfSeed: number | undefined;
}

const stateOf = (dir: string, ...parts: readonly string[]) =>
  resolve(".cache", "sweep", basename(dir), ...parts);
/** Where a run's own results wait for those of the others. */
const resultsPart = (dir: string, { id }: SweepRun) => stateOf(dir, "results", `${id}.zip`);

/** Runs of the grid that `slot` of `jobs` makes: always the same, so that it finds its own checkpoints again. */
async function makeRuns({ dir, plan, jobs, backend, adapter, results }: Sweep, slot: number) {
  const own = expandGrid(plan).filter((_, place) => place % jobs === slot);
  // threads of runs side by side would wait for each other; how many there are changes no bits
  const threads = Math.max(1, Math.floor(availableParallelism() / jobs));
  const places = { ...checkoutPlaces(ROOT, adapter), threads };
  const studio = await openNodeStudio(stateOf(dir, `${slot}-of-${jobs}`), places);
  let failed = 0;
  try {
    for (const run of own) {
      const file = summaryFile(dir, run);
      if (isDone(await readJson(file), run, plan)) continue;
      const say = (text: string) => {
        note(`${run.id}: ${text}`);
      };
      try {
        const part = results === undefined ? undefined : resultsPart(dir, run);
        const summary = await sweepRun(studio, plan, run, { backend, note: say, results: part });
        await writeFile(`${file}.part`, `${JSON.stringify(summary, null, 2)}\n`);
        await rename(`${file}.part`, file); // an end while writing leaves no half of a summary
        formatFile(file);
        say("done");
      } catch (thrown) {
        failed++;
        say(thrown instanceof Error ? `failed: ${thrown.message}` : "failed");
      }
    }
  } finally {
    await studio.close();
  }
  return failed;
}

/** This command again for one slot, in a process of its own. @returns its exit code */
const startSlot = (slot: number): Promise<number> =>
  new Promise((settle) => {
    const again = ["scripts/run.mjs", ...process.argv.slice(1), "--slot", String(slot)];
    const child = spawn(process.execPath, again, { stdio: ["ignore", "inherit", "inherit"] });
    child.once("exit", (code) => {
      settle(code ?? 1);
    });
  });

const readPlan = async (dir: string): Promise<SweepPlan> =>
  SweepPlan.parse(await readJson(join(dir, "plan.json")));

/** The runs of a folder's plan that are made. */
async function doneRuns({ dir, plan }: Pick<Sweep, "dir" | "plan">): Promise<RunSummary[]> {
  const stored = await Promise.all(
    expandGrid(plan).map(async (run) => {
      const summary = await readJson(summaryFile(dir, run));
      return isDone(summary, run, plan) ? [RunSummary.parse(summary)] : [];
    }),
  );
  return stored.flat();
}

async function writeTables({ dir, plan }: Sweep): Promise<void> {
  const own = await doneRuns({ dir, plan });
  note(`${own.length} of ${expandGrid(plan).length} runs are done`);
  const others = await Promise.all(
    plan.beside.map(async (path) => {
      const folder = join(dir, path);
      return doneRuns({ dir: folder, plan: await readPlan(folder) });
    }),
  );
  const done = [...others.flat().filter(({ seed }) => plan.seeds.includes(seed)), ...own];
  if (done.length === 0) return;
  await writeFile(join(dir, "table.csv"), csvTable(done, plan.spaces));
  await writeFile(join(dir, "table.md"), markdownTable(done, plan));
  formatFile(join(dir, "table.md"));
}

/** The results of all runs that have them, in the order of the plan. */
async function writeResults({ dir, plan, results, samplesOfSeed }: Sweep): Promise<void> {
  if (results === undefined) return;
  const runs = expandGrid(plan);
  const parts = runs.map((run) => resultsPart(dir, run)).filter((file) => existsSync(file));
  if (parts.length > 0) {
    const madeBy = "npm run sweep";
    await joinResultsFiles(results, parts, {
      ...{ checkpoints: false, madeBy, name: runName(plan), samplesOfSeed },
    });
  }
  note(`${parts.length} of ${runs.length} runs are in ${results}`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      jobs: { type: "string", default: "2" },
      backend: { type: "string", default: "wasm" },
      adapter: { type: "string", default: "default" },
      results: { type: "string" },
      "samples-of-seed": { type: "string" },
      slot: { type: "string" },
      table: { type: "boolean", default: false },
    },
  });
  const [dir] = positionals;
  if (dir === undefined)
    throw new Error("usage: npm run sweep -- DIR [--jobs N], see scripts/sweep.ts");
  const sweep: Sweep = {
    dir,
    plan: await readPlan(dir),
    jobs: z.coerce.number().int().min(1).max(64).parse(values.jobs),
    backend: z.enum(["auto", "webgpu", "wasm", "cpu"]).parse(values.backend),
    adapter: z.enum(ADAPTERS).parse(values.adapter),
    results: values.results === undefined ? undefined : resolve(values.results),
    samplesOfSeed: z.coerce.number().int().optional().parse(values["samples-of-seed"]),
  };
  if (values.slot !== undefined) return (await makeRuns(sweep, Number(values.slot))) > 0 ? 1 : 0;
  await mkdir(join(dir, "runs"), { recursive: true });
  const slots = Array.from({ length: values.table ? 0 : sweep.jobs }, (_, slot) => slot);
  const codes = await Promise.all(slots.map(startSlot));
  await writeTables(sweep);
  await writeResults(sweep);
  return Math.max(0, ...codes);
}

// the metrics threads run this file too
if (isMainThread) process.exit(await main());
