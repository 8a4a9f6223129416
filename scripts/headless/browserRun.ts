import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright";
import { StudioError } from "../../src/common/errors/studioError";
import type { RunRecord } from "../../src/common/storage/db";
import { ensureBuilt, serveBuilt } from "../builtApp.mjs";
import { openBrowser } from "./browser";
import type { EndedRun, StopReason } from "./endedRun";
import type { HeadlessOptions } from "./options";
import { studioDb } from "./pageDb";
import type { Progress } from "./progress";
import { createRunLog, type RunLog } from "./runLog";
import {
  reportErrors,
  shownFailure,
  shownStatus,
  startRun,
  throwShownFailure,
  type StartedRun,
} from "./studioPage";

const POLL_MS = 1_000;
/** Between the request to stop and giving up on a checkpoint. */
const STOP_MS = 120_000;
const OVER: readonly string[] = ["finished", "stopped", "failed"];

/** Follows a run to its end. @returns its record in a phase that is over */
async function follow(
  page: Page,
  { runId, sinceMs, logged }: StartedRun,
  log: RunLog,
  progress: Progress,
  stopReason: StopReason,
): Promise<RunRecord> {
  const db = await studioDb(page);
  log.add(logged.points, logged.measurements);
  let { lastKey } = logged;
  let stopAskedMs: number | null = null;
  for (;;) {
    const record = (await db.runs()).find((run) => run.id === runId);
    if (!record) throw new StudioError("INTERNAL", `Run ${runId} vanished.`, "Start it again.");
    // the record before the log: a run that is over has logged everything
    const part = await db.log(runId, lastKey);
    lastKey = part.lastKey;
    log.add(part.points, part.measurements);
    progress.points(part.points);
    progress.step((await shownStatus(page)).step);
    // a run gone on with keeps its old record until the trainer has it
    const current = record.updatedAtMs > sinceMs;
    if (current) progress.phase(record.phase);
    if (current && OVER.includes(record.phase)) return record;
    if (!current) await throwShownFailure(page);
    if (stopReason() !== null && stopAskedMs === null) {
      stopAskedMs = performance.now();
      await page
        .getByRole("button", { name: /^(Stop|Cancel)$/, disabled: false })
        .first()
        .click();
    }
    if (stopAskedMs !== null && performance.now() - stopAskedMs > STOP_MS) return record;
    await sleep(POLL_MS);
  }
}

/** Vite's server would end the process at SIGTERM, before the run has its checkpoint. */
async function withoutNewSigtermListeners<T>(start: () => Promise<T>): Promise<T> {
  const before = new Set(process.listeners("SIGTERM"));
  const started = await start();
  for (const listener of process.listeners("SIGTERM")) {
    if (!before.has(listener)) process.removeListener("SIGTERM", listener);
  }
  return started;
}

/** The experiment in the built page, in Chromium without a window. */
export async function runInBrowser(
  options: HeadlessOptions,
  state: string,
  progress: Progress,
  stopReason: StopReason,
): Promise<EndedRun> {
  await ensureBuilt();
  const server = await withoutNewSigtermListeners(serveBuilt);
  const { context, origin } = await openBrowser(
    { profile: state, backend: options.backend },
    server.url,
  );
  const close = async () => {
    await context.close();
    await server.close();
  };
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    reportErrors(page, progress.note);
    const started = await startRun(page, origin, options, {
      onCaching: progress.amount,
      stopReason,
    });
    const { runId, sinceMs } = started;
    progress.note(sinceMs > 0 ? `Going on with run ${runId}.` : `Run ${runId} started.`);
    const log = createRunLog();
    const record = await follow(page, started, log, progress, stopReason);
    const failure = record.phase === "failed" ? ((await shownFailure(page)) ?? "no message") : null;
    return { record, log, reader: await studioDb(page), failure, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
