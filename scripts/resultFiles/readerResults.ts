import { StudioError } from "../../src/common/errors/studioError";
import type { RunResults } from "../../src/common/resultFiles/runResults";
import { factsOf } from "../../src/common/resultFiles/storedResults";
import type { RunRecord } from "../../src/common/storage/db";
import type { RunLog } from "../headless/runLog";
import type { StudioReader } from "../headless/studioReader";

/** A run of the page or of this process, as its results are written: with its newest checkpoint. */
export async function readerResults(
  reader: StudioReader,
  record: RunRecord,
  log: RunLog,
): Promise<RunResults> {
  const newest = (await reader.checkpointSteps(record.id)).at(-1);
  return {
    facts: factsOf(record),
    log: () => Promise.resolve({ points: log.points(), measurements: log.measurements() }),
    gridSteps: await reader.gridSteps(record.id),
    grid: (step) => reader.grid(record.id, step),
    checkpoints: newest === undefined ? [] : [{ step: newest, createdAtMs: record.updatedAtMs }],
    checkpoint: async (step) => {
      const found = await reader.checkpoint(record.id, step);
      if (found) return new Uint8Array(found.bytes);
      throw new StudioError(
        "BAD_CHECKPOINT",
        `The checkpoint of step ${step} is gone.`,
        "Run the same command again.",
      );
    },
  };
}
