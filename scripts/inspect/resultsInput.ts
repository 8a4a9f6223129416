import { openResults, type FileRun } from "../../src/common/resultFiles/openResults";
import { withFileSource } from "../resultFiles/fileSource";
import type { Findings } from "./report";

/** Reads everything of a run, as an import does, and counts it. */
async function inspectRun(run: FileRun) {
  const { id, name, phase, step } = run.facts;
  const { points, measurements } = await run.log();
  for (const at of run.gridSteps) await run.grid(at);
  for (const { step: at } of run.checkpoints) await run.checkpoint(at);
  return {
    ...{ id, name, phase, step, points: points.length, measurements: measurements.length },
    grids: run.gridSteps.length,
    checkpoints: run.checkpoints.map(({ step: at }) => at),
    issues: run.issues,
  };
}

/** What a file of results holds. @throws StudioError what opening it on the page would say */
export const inspectResults = (path: string): Promise<Findings> =>
  withFileSource(path, async (source) => {
    const { madeBy, runs, notes } = await openResults(source);
    const found = [];
    for (const run of runs) found.push(await inspectRun(run));
    return { ok: true, madeBy, runs: found, notes };
  });
