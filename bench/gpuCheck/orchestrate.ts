import { spawn } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CheckOptions } from "./options";
import { readReport, writeJson } from "./runStage";
import { shareMs, stageFile, STAGE_NAMES, type StageName, type StageReport } from "./stage";
import { STAGES } from "./stages/table";
import { summary } from "./summary";

/** The bundle this file is part of. */
const SELF = fileURLToPath(import.meta.url);

/** Between the end of a stage's time and the end of its process: it may be writing. */
const GRACE_MS = 8_000;
/** With less than this left no stage is begun. */
const LEAST_MS = 2_000;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
}

/** This program again, for one stage. */
function runChild(options: CheckOptions, stage: StageName, limitMs: number): Promise<Ended> {
  const args = [
    ...["--stage", stage, "--limit", (limitMs / 1000).toFixed(3), "--out", options.out],
    ...["--adapter", options.adapter],
    ...(options.checkout ? ["--checkout", options.checkout] : []),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SELF, ...args], {
      stdio: ["ignore", "inherit", "inherit"],
      detached: true, // a group of its own: Chromium and Python end with it
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, limitMs + GRACE_MS);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, timedOut });
    });
  });
}

/** What a stage's file says, put right where its process did not live to say how it ended. */
function reportOf(path: string, stage: StageName, ended: Ended, seconds: number): StageReport {
  const found: StageReport = existsSync(path)
    ? readReport(path)
    : { stage, status: "failed", problem: "It wrote nothing.", seconds };
  if (found.status !== "running") return found;
  const problem = ended.timedOut
    ? `It did not end within its time (${seconds.toFixed(0)} s); what it had measured by then is here.`
    : `Its process ended early (${ended.signal ?? `exit code ${ended.code}`}).`;
  const report: StageReport = {
    ...found,
    status: ended.timedOut ? "incomplete" : "failed",
    problem,
    seconds,
  };
  writeJson(path, report);
  return report;
}

async function runOne(options: CheckOptions, stage: StageName, limitMs: number) {
  const path = join(options.out, stageFile(stage));
  rmSync(path, { force: true }); // of an earlier check
  console.error(
    `\n=== ${stage}: ${STAGES[stage].title} (at most ${(limitMs / 1000).toFixed(0)} s)`,
  );
  if (limitMs < LEAST_MS) {
    const problem = `No time was left for it (${(limitMs / 1000).toFixed(1)} s).`;
    const report: StageReport = { stage, status: "incomplete", problem, seconds: 0 };
    writeJson(path, report);
    return report;
  }
  const startMs = performance.now();
  const ended = await runChild(options, stage, limitMs);
  return reportOf(path, stage, ended, (performance.now() - startMs) / 1000);
}

/**
 * Runs the wanted stages one after another and tells what came out.
 * @returns the exit code: 0 when everything that was checked is right, 1 when not or when it was not checked
 */
export async function orchestrate(options: CheckOptions): Promise<number> {
  const startMs = performance.now();
  const weights = Object.fromEntries(
    STAGE_NAMES.map((name) => [name, STAGES[name].weight]),
  ) as Record<StageName, number>;
  const reports: StageReport[] = [];
  for (const stage of options.stages) {
    const leftMs = options.budgetMs - (performance.now() - startMs);
    const limitMs = shareMs(stage, weights, options.stages, leftMs);
    const report = await runOne(options, stage, limitMs);
    console.error(`--- ${stage}: ${report.status}, ${report.seconds.toFixed(1)} s`);
    if (report.problem) console.error(report.problem);
    reports.push(report);
  }
  const { text, right } = summary(reports);
  writeFileSync(join(options.out, "summary.txt"), text);
  console.log(`\n${text}`);
  return right ? 0 : 1;
}
