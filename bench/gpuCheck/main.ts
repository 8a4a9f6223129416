/**
 * `./gpu-check` of a pack, or `npm run gpu:check` in a checkout: is WebGPU right on this machine, and how quick?
 * One process a stage; this one gives them their time and tells how they ended.
 */
import { mkdirSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { StudioError } from "../../src/common/errors/studioError";
import { readCheckOptions, USAGE, type CheckOptions } from "./options";
import { orchestrate } from "./orchestrate";
import { findPlaces, requirePlaces } from "./places";
import { runStage } from "./runStage";
import { STAGES } from "./stages/table";

async function check(options: CheckOptions): Promise<number> {
  const places = findPlaces(options.checkout);
  requirePlaces(places);
  mkdirSync(options.out, { recursive: true });
  const { child } = options;
  if (child) return runStage(options, child, places, STAGES[child.stage]);
  return orchestrate(options);
}

async function main(): Promise<number> {
  try {
    const options = readCheckOptions(process.argv.slice(2));
    if (options !== "help") return await check(options);
    console.log(USAGE);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof StudioError)) throw thrown;
    console.error(`${thrown.code}: ${thrown.message}\n${thrown.hint}`);
    return 2;
  }
}

// The thread that computes metrics runs this same file (scripts/node/metricsThread.ts)
if (isMainThread) {
  // Dawn's threads may keep a process alive after its work: everything is written by now
  process.exit(await main());
}
