/**
 * `npm run headless`: one experiment in the built app, in Chromium without a window, with its results in a
 * folder. Exit code 0 when it finished, 1 when it failed, 130 when it was stopped.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright";
import { StudioError } from "../src/errors/studioError";
import type { RunRecord } from "../src/storage/db";
import { ensureBuilt, serveBuilt } from "./builtApp.mjs";
import { openBrowser } from "./headless/browser";
import { exportRun } from "./headless/exportRun";
import { readOptions, type HeadlessOptions } from "./headless/options";
import { studioDb } from "./headless/pageDb";
import { progressLine, progressPrinter, type ProgressPrinter } from "./headless/progress";
import { createRunLog, type RunLog } from "./headless/runLog";
import {
  reportErrors,
  shownFailure,
  shownStatus,
  startRun,
  throwShownFailure,
} from "./headless/studioPage";

const POLL_MS = 1_000;
/** Between the request to stop and giving up on a checkpoint. */
const STOP_MS = 120_000;
const OVER: readonly string[] = ["finished", "stopped", "failed"];

interface Stopper {
  /** Why the run is to end early; null while it may go on. */
  readonly reason: () => string | null;
}

/** The first interrupt asks the run to stop with a checkpoint; a second one ends the process. */
function listenForInterrupts(note: (text: string) => void): () => boolean {
  let interrupted = false;
  const onSignal = () => {
    if (interrupted) process.exit(130);
    interrupted = true;
    note("Stopping after this step, with a checkpoint (again to quit at once) ...");
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return () => interrupted;
}

/** Follows a run to its end. @returns its record in a phase that is over */
async function follow(
  page: Page,
  runId: string,
  log: RunLog,
  totalSteps: number,
  printer: ProgressPrinter,
  { sinceMs, stopper }: { readonly sinceMs: number; readonly stopper: Stopper },
): Promise<RunRecord> {
  const db = await studioDb(page);
  let lastKey = 0;
  let stopAskedMs: number | null = null;
  for (;;) {
    const record = (await db.runs()).find((run) => run.id === runId);
    if (!record) throw new StudioError("INTERNAL", `Run ${runId} vanished.`, "Start it again.");
    // the record before the log: a run that is over has logged everything
    const part = await db.log(runId, lastKey);
    lastKey = part.lastKey;
    log.add(part.points, part.measurements);
    const points = log.points();
    const step = Math.max(points.at(-1)?.step ?? 0, (await shownStatus(page)).step);
    printer.show(progressLine(record, points, step, totalSteps), record.phase);
    // a run gone on with keeps its old record until the trainer has it
    const current = record.updatedAtMs > sinceMs;
    if (current && OVER.includes(record.phase)) return record;
    if (!current) await throwShownFailure(page);
    if (stopper.reason() !== null && stopAskedMs === null) {
      stopAskedMs = performance.now();
      await page.getByRole("button", { name: "Stop", exact: true }).click();
    }
    if (stopAskedMs !== null && performance.now() - stopAskedMs > STOP_MS) return record;
    await sleep(POLL_MS);
  }
}

async function runOnce(options: HeadlessOptions, printer: ProgressPrinter): Promise<number> {
  const startedMs = performance.now();
  const elapsedMs = () => performance.now() - startedMs;
  const note = (text: string) => printer.note(text);
  const interrupted = listenForInterrupts(note);
  const timedOut = () => elapsedMs() > options.timeoutMs;
  await ensureBuilt();
  const server = await serveBuilt();
  const { context, origin } = await openBrowser(options, server.url);
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    reportErrors(page, note);
    const { runId, sinceMs } = await startRun(page, origin, options, (text) =>
      printer.show(text, "starting"),
    );
    note(sinceMs > 0 ? `Going on with run ${runId}.` : `Run ${runId} started.`);
    const log = createRunLog();
    const stopper = {
      reason: () => (interrupted() ? "interrupted" : timedOut() ? "out of time" : null),
    };
    const steps = options.experiment.optimizer.steps;
    const record = await follow(page, runId, log, steps, printer, { sinceMs, stopper });
    printer.end();
    const summary = await exportRun(await studioDb(page), record, log, options, elapsedMs() / 1000);
    const { phase } = record;
    if (phase === "failed") note(`The run failed: ${(await shownFailure(page)) ?? "no message"}`);
    note(`${phase} at step ${summary.steps}; results are in ${options.out}`);
    return phase === "finished" ? 0 : phase === "failed" ? 1 : 130;
  } finally {
    await context.close();
    await server.close();
  }
}

async function main(): Promise<number> {
  const printer = progressPrinter(process.stderr, () => performance.now());
  try {
    return await runOnce(readOptions(process.argv.slice(2)), printer);
  } catch (thrown) {
    if (!(thrown instanceof StudioError)) throw thrown;
    printer.note(`${thrown.code}: ${thrown.message}\n${thrown.hint}`);
    return 1;
  }
}

process.exitCode = await main();
