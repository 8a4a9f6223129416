/**
 * `npm test`: sets up what it needs, then every check and test, each stage to its end.
 * The last line is the plain count; the exit code is 0 only when nothing failed.
 * `npm test -- --only unit,e2e` runs the named stages.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
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

const STAGES = [
  { name: "typecheck", script: "typecheck", minutes: 5 },
  { name: "lint", script: "lint", minutes: 5 },
  { name: "layers", script: "layers", minutes: 3 },
  { name: "format", script: "format", minutes: 3 },
  vitestStage("unit", 15),
  { name: "build", script: "build", minutes: 5 },
  { name: "bundle", script: "bundle", minutes: 1 },
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

async function runOne(stage, browserReady) {
  console.log(`\n=== ${stage.name}`);
  if (stage.browser && !browserReady()) {
    return { ok: false, seconds: 0, problem: "no browser", ...stageCounts(false) };
  }
  rmSync(reportOf(stage.name), { force: true });
  const extra = stage.args ? ["--", ...stage.args] : [];
  const [command, args] = npmCommand(["run", "--silent", stage.script, ...extra]);
  const result = await runStage(command, args, {
    cwd: ROOT,
    env: { ...childEnv(), ...stage.env },
    timeoutMs: stage.minutes * MINUTE_MS,
  });
  return { ...result, ...stageCounts(result.ok, readReport(stage)) };
}

function printSummary(results) {
  console.log("\n=== summary");
  for (const { name, ok, seconds, passed, failed, skipped, problem } of results) {
    const counts = `${countLine(passed, failed)}${skipped ? `, ${skipped} skipped` : ""}`;
    const verdict = ok ? "ok" : `FAILED (${problem ?? "see above"})`;
    console.log(`${name.padEnd(10)} ${seconds.toFixed(1).padStart(7)} s  ${counts}  ${verdict}`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`all        ${sum("seconds").toFixed(1).padStart(7)} s`);
  console.log(countLine(sum("passed"), sum("failed")));
  return sum("failed") === 0;
}

function chosenStages() {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  if (values.only === undefined) return STAGES;
  const names = values.only.split(",");
  const unknown = names.find((name) => !STAGES.some((stage) => stage.name === name));
  if (unknown !== undefined) {
    const known = STAGES.map((stage) => stage.name).join(", ");
    throw new Error(`--only: no stage "${unknown}"; the stages are ${known}.`);
  }
  return STAGES.filter((stage) => names.includes(stage.name));
}

async function main() {
  requireNode();
  const stages = chosenStages();
  mkdirSync(REPORTS, { recursive: true });
  if (!ensureDependencies()) {
    console.log(countLine(0, 1));
    return false;
  }
  let answer;
  const browserReady = () => (answer ??= ensureChromium());
  const results = [];
  for (const stage of stages) {
    const result = await runOne(stage, browserReady);
    console.log(
      `--- ${stage.name}: ${result.ok ? "ok" : "FAILED"}, ${result.seconds.toFixed(1)} s`,
    );
    results.push({ name: stage.name, ...result });
  }
  return printSummary(results);
}

main().then(
  (ok) => (process.exitCode = ok ? 0 : 1),
  (error) => {
    console.error(error.message ?? error);
    console.log(countLine(0, 1));
    process.exitCode = 1;
  },
);
