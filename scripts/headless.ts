/**
 * `npm run headless`: one experiment without a person, in Chromium or in this process, with its results in a folder.
 * Exit code 0 when it finished, 1 when it failed, 130 when it was stopped.
 */
import { rm } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";
import { StudioError } from "../src/common/errors/studioError";
import { runInBrowser } from "./headless/browserRun";
import type { EndedRun, StopReason } from "./headless/endedRun";
import { exportRun } from "./headless/exportRun";
import { runInNode } from "./headless/nodeRun";
import { asksForHelp, readOptions, USAGE, type HeadlessOptions } from "./headless/options";
import { createProgress, type Progress } from "./headless/progress";
import { stateFolder } from "./headless/stateFolder";

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

/** Writes the results of a run that is over. @returns the command's exit code */
async function conclude(
  { record, log, reader, failure }: EndedRun,
  options: HeadlessOptions,
  progress: Progress,
  seconds: number,
): Promise<number> {
  progress.end();
  const summary = await exportRun(reader, record, log, options, seconds);
  const { phase } = record;
  if (failure !== null) progress.note(`The run failed: ${failure}`);
  const and = options.results === null ? "" : ` and ${options.results}`;
  progress.note(`${phase} at step ${summary.steps}; results are in ${options.out}${and}`);
  return phase === "finished" ? 0 : phase === "failed" ? 1 : 130;
}

async function runOnce(options: HeadlessOptions, progress: Progress): Promise<number> {
  const startedMs = performance.now();
  const elapsedMs = () => performance.now() - startedMs;
  const interrupted = listenForInterrupts(progress.note);
  const stopReason: StopReason = () =>
    interrupted() ? "interrupted" : elapsedMs() > options.timeoutMs ? "out of time" : null;
  const run = options.runtime === "node" ? runInNode : runInBrowser;
  const { path, temporary } = stateFolder(options);
  const ended = await run(options, path, progress, stopReason);
  let code: number;
  try {
    code = await conclude(ended, options, progress, elapsedMs() / 1000);
  } finally {
    await ended.close();
  }
  // unfinished, it is what the same command goes on from
  if (temporary && code === 0) await rm(path, { recursive: true, force: true });
  return code;
}

async function main(args: readonly string[]): Promise<number> {
  if (asksForHelp(args)) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  try {
    const options = readOptions(args);
    const progress = createProgress(process.stderr, options.experiment.optimizer.steps);
    return await runOnce(options, progress);
  } catch (thrown) {
    if (!(thrown instanceof StudioError)) throw thrown;
    process.stderr.write(`${thrown.code}: ${thrown.message}\n${thrown.hint}\n`);
    return thrown.code === "CANCELLED" ? 130 : 1;
  }
}

// The metrics thread runs this file too. At the end everything is written, and Dawn and open ports may keep the event
// loop turning: the process is ended rather than left to end.
if (isMainThread) process.exit(await main(process.argv.slice(2)));
