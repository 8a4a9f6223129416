import { checkpointHeads, readCheckpointOf } from "../storage/checkpoints";
import type { Database, RunRecord } from "../storage/db";
import { readRecord, usable } from "../storage/checked";
import { getRun, storedSteps } from "../storage/runs";
import { unpackSteps } from "../storage/stepRows";
import { measurementKey } from "../protocol/measurementSeries";
import type { Measurement, StepPoint } from "../protocol/trainer";
import type { RunFacts, RunLog, RunResults } from "./runResults";

/** What of a record is the run itself. */
export function factsOf(record: RunRecord): RunFacts {
  const { id, name, experiment, timeline, createdAtMs, updatedAtMs, phase, step } = record;
  const { device, datasetHash, codeVersion, imageRanges, repeats, parent } = record;
  return {
    ...{ id, name, experiment, timeline, createdAtMs, updatedAtMs, phase, step },
    ...{ device, datasetHash, codeVersion },
    ...(imageRanges && { imageRanges }),
    ...(repeats !== undefined && { repeats }),
    ...(parent && { parent }),
  };
}

/** Row by row: a long log at once would keep a page from answering. Rows that cannot be read are left out. */
async function readLog(db: Database, runId: string): Promise<RunLog> {
  const points = new Map<number, StepPoint>();
  const measurements = new Map<string, Measurement>();
  let unreadable = 0;
  let cursor = await db.transaction("log").store.index("byRun").openCursor(runId);
  for (; cursor; cursor = await cursor.continue()) {
    const entry = usable("log", cursor.value);
    if (!entry) unreadable++;
    if (entry?.kind === "steps") {
      for (const point of unpackSteps(entry)) points.set(point.step, point);
    }
    if (entry?.kind === "measurement") {
      measurements.set(measurementKey(entry.measurement), entry.measurement);
    }
  }
  return {
    points: [...points.values()].sort((a, b) => a.step - b.step),
    measurements: [...measurements.values()].sort((a, b) => a.step - b.step),
    unreadable,
  };
}

/** A stored run's results; undefined when there is no such run, or its record cannot be read. */
export async function storedResults(db: Database, runId: string): Promise<RunResults | undefined> {
  const record = await getRun(db, runId);
  if (!record) return undefined;
  const heads = await checkpointHeads(db, runId);
  return {
    facts: factsOf(record),
    log: () => readLog(db, runId),
    gridSteps: await storedSteps(db, "grids", runId),
    grid: (step) => readRecord(db, "grids", [runId, step]),
    checkpoints: heads.map(({ step, createdAtMs, interim }) => ({
      ...{ step, createdAtMs },
      ...(interim && { interim }),
    })),
    checkpoint: async (step) => new Uint8Array((await readCheckpointOf(db, runId, step)).bytes),
  };
}
