/**
 * `npm test`: sets up what it needs, then every check and test, each stage to its end. The quick checks run side by side.
 * The last line is the plain count; the exit code is 0 only when nothing failed.
 * `npm test -- --only unit,e2e` runs the named stages.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { requireNode } from "./nodeVersion.mjs";
import { childEnv, ensureChromium, ensureDependencies, npmCommand, ROOT } from "./setup.mjs";
import { runStage } from "./stage.mjs";
import { countLine, playwrightCounts, stageCounts, vitestCounts } from "./testCounts.mjs";

const MINUTE_MS = 60_000;
const REPORTS = join(ROOT, ".cache", "test");
const reportOf = (name) => join(REPORTS, `${name}.json`);

const vitestStage = (name, minutes) => ({
  name,
  script: `test:${name}`,
  args: ["--reporter=default", "--reporter=json", `--outputFile.json=${reportOf(name)}`],
  minutes,
  count: vitestCounts,
});

/** Lanes run side by side, a lane's stages one after the other; each takes about a quarter of a minute. */
const LANES = [
  [
    { name: "lint", script: "lint", minutes: 5 },
    { name: "typecheck", script: "typecheck", minutes: 5 },
  ],
  [
    { name: "format", script: "format", minutes: 3 },
    { name: "layers", script: "layers", minutes: 3 },
    { name: "build", script: "build", minutes: 5 },
    { name: "bundle", script: "bundle", minutes: 1 },
  ],
];

/** Each takes every core by itself. */
const STAGES = [
  vitestStage("unit", 15),
  { ...vitestStage("gpu", 25), browser: true },
  {
    name: "e2e",
    script: "test:e2e",
    args: ["--reporter=list,json"],
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: reportOf("e2e") },
    minutes: 40,
    count: playwrightCounts,
    browser: true,
  },
];

function readReport(stage) {
  const path = reportOf(stage.name);
  if (!stage.count || !existsSync(path)) return undefined;
  try {
    return stage.count(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    console.error(`The report of ${stage.name} cannot be read: ${error.message}`);
    return undefined;
  }
}

async function runOne(stage, browserReady, stdio = "inherit") {
  if (stdio === "inherit") console.log(`\n=== ${stage.name}`);
  if (stage.browser && !browserReady()) {
    return {
      name: stage.name,
      ok: false,
      seconds: 0,
      problem: "no browser",
      ...stageCounts(false),
    };
  }
  rmSync(reportOf(stage.name), { force: true });
  const extra = stage.args ? ["--", ...stage.args] : [];
  const [command, args] = npmCommand(["run", "--silent", stage.script, ...extra]);
  const result = await runStage(command, args, {
    cwd: ROOT,
    env: { ...childEnv(), ...stage.env },
    timeoutMs: stage.minutes * MINUTE_MS,
    stdio,
  });
  if (stdio === "pipe") console.log(`\n=== ${stage.name}\n${result.output}`);
  console.log(`--- ${stage.name}: ${result.ok ? "ok" : "FAILED"}, ${result.seconds.toFixed(1)} s`);
  return { name: stage.name, ...result, ...stageCounts(result.ok, readReport(stage)) };
}

/** Stages one after the other, each to its end. */
async function runInOrder(stages, browserReady, stdio) {
  const results = [];
  for (const stage of stages) results.push(await runOne(stage, browserReady, stdio));
  return results;
}

function printSummary(results, seconds) {
  console.log("\n=== summary");
  for (const { name, ok, seconds, passed, failed, skipped, problem } of results) {
    const counts = `${countLine(passed, failed)}${skipped ? `, ${skipped} skipped` : ""}`;
    const verdict = ok ? "ok" : `FAILED (${problem ?? "see above"})`;
    console.log(`${name.padEnd(10)} ${seconds.toFixed(1).padStart(7)} s  ${counts}  ${verdict}`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`all        ${seconds.toFixed(1).padStart(7)} s, with what was installed`);
  console.log(countLine(sum("passed"), sum("failed")));
  return sum("failed") === 0;
}

/** The stages that `--only` names, all without it. */
function chosenStages() {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  const all = [...LANES.flat(), ...STAGES];
  if (values.only === undefined) return { lanes: LANES, stages: STAGES };
  const names = values.only.split(",");
  const unknown = names.find((name) => !all.some((stage) => stage.name === name));
  if (unknown !== undefined) {
    const known = all.map((stage) => stage.name).join(", ");
    throw new Error(`--only: no stage "${unknown}"; the stages are ${known}.`);
  }
  const chosen = (stages) => stages.filter(({ name }) => names.includes(name));
  return { lanes: LANES.map(chosen), stages: chosen(STAGES) };
}

async function main() {
  requireNode();
  const { lanes, stages } = chosenStages();
  const startedMs = performance.now();
  mkdirSync(REPORTS, { recursive: true });
  if (!ensureDependencies()) {
    console.log(countLine(0, 1));
    return false;
  }
  let answer;
  const browserReady = () => (answer ??= ensureChromium());
  const sideBySide = await Promise.all(lanes.map((lane) => runInOrder(lane, browserReady, "pipe")));
  const slow = await runInOrder(stages, browserReady, "inherit");
  return printSummary([...sideBySide.flat(), ...slow], (performance.now() - startedMs) / 1000);
}

main().then(
  (ok) => (process.exitCode = ok ? 0 : 1),
  (error) => {
    console.error(error.message ?? error);
    console.log(countLine(0, 1));
    process.exitCode = 1;
  },
);
