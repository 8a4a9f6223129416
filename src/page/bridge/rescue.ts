import { everyPart } from "../../common/storage/keys";
import type { Database } from "../../common/storage/db";
import { withDatabase } from "./run/storedRuns";

export interface RescuedFile {
  readonly name: string;
  readonly blob: Blob;
}

/** Bytes stand in JSON as their number: pictures and weights are not what a run is continued from by hand. Logs are numbers. */
const withoutBytes = (_: string, value: unknown): unknown => {
  if (value instanceof Float64Array) return [...value];
  if (value instanceof ArrayBuffer) return { bytes: value.byteLength };
  return ArrayBuffer.isView(value) ? { bytes: value.byteLength } : value;
};

/**
 * Hands over what is stored as files: runs and their logs as they lie in the database, and the newest checkpoint of each
 * run as a file of its own, one at a time. Nothing is parsed: a record that cannot be read may be why this is asked for.
 */
export async function rescueRecords(
  db: Database,
  save: (file: RescuedFile) => void,
): Promise<void> {
  const [runs, log, keys] = await Promise.all([
    db.getAll("runs"),
    db.getAll("log"),
    db.getAllKeys("checkpoints"),
  ]);
  const records = JSON.stringify({ database: db.version, runs, log }, withoutBytes);
  save({ name: "repa-studio-runs.json", blob: new Blob([records]) });
  const newest = new Map(keys.map(([runId, step]) => [runId, step])); // keys ascend by step
  for (const [runId, step] of newest) {
    const parts = await db.getAll("stateParts", everyPart(runId, step));
    const name = `repa-studio-${runId}-step-${step}.safetensors`;
    save({ name, blob: new Blob(parts.map(({ bytes }) => bytes)) });
  }
}

/**
 * For a page that cannot show any more what is stored.
 * @throws StudioError STORAGE_UNAVAILABLE
 */
export const rescue = (save: (file: RescuedFile) => void): Promise<void> =>
  withDatabase((db) => rescueRecords(db, save));
