import type { Measurement, SampleGrid, StepPoint } from "../protocol/trainer";
import type { Database, RunRecord } from "./db";
import { storageError } from "./quota";
import { nextOrder } from "./runs";
import { emptySeries, withSteps } from "./series";
import { packSteps } from "./stepRows";
import { DURABLE, inTransaction } from "./transaction";

/** Steps in a record of the log: between two of them the page goes on. */
const RECORD_STEPS = 2000;

/** A run that was trained elsewhere, with everything that was logged for it. */
export interface WholeRun {
  readonly record: RunRecord;
  /** By step, each once. */
  readonly points: readonly StepPoint[];
  readonly measurements: readonly Measurement[];
  readonly grids: readonly SampleGrid[];
}

/**
 * Stores a run whole or not at all; it becomes the newest of all lists.
 * @throws StudioError QUOTA_EXCEEDED, STORAGE_FAILED; also when a run of that id is stored
 */
export async function putWholeRun(db: Database, run: WholeRun): Promise<void> {
  const { record, points, measurements, grids } = run;
  const runId = record.id;
  try {
    const tx = db.transaction(["runs", "log", "series", "grids"], "readwrite", DURABLE);
    await inTransaction(tx, async () => {
      const runs = tx.objectStore("runs");
      await runs.add({ ...record, order: await nextOrder(runs) });
      const log = tx.objectStore("log");
      let series = emptySeries;
      for (let first = 0; first < points.length; first += RECORD_STEPS) {
        const steps = points.slice(first, first + RECORD_STEPS);
        series = withSteps(series, steps);
        for (const rows of packSteps(steps)) await log.add({ runId, kind: "steps", ...rows });
      }
      for (const measurement of measurements) {
        await log.add({ runId, kind: "measurement", measurement });
      }
      await tx.objectStore("series").put({ runId, ...series });
      for (const grid of grids) await tx.objectStore("grids").put({ ...grid, runId });
    });
  } catch (cause) {
    throw storageError(`saving run ${record.name}`, cause);
  }
}
