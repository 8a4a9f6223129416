import { StudioError, type Failure } from "../errors/studioError";
import { sha256Hex } from "../formats/sha256";
import type { CheckpointRecord, Database } from "./db";
import { storageError } from "./quota";

/** Older checkpoints of a run are deleted; one more than the newest guards against a damaged one. */
const KEPT = 3;

/** Largest checkpoint that is kept: SHA-256 takes no more at once, and browsers store no larger value. */
export const MOST_CHECKPOINT_BYTES = 2 ** 31 - 1;

/** Why checkpoints of so many bytes are not kept; undefined when they are. */
export function checkpointRefusal(bytes: number): Failure | undefined {
  if (bytes <= MOST_CHECKPOINT_BYTES) return undefined;
  const gb = (count: number) => `${(count / 1e9).toFixed(2)} GB`;
  return {
    code: "STORAGE_FAILED",
    message: `A checkpoint of this model takes ${gb(bytes)}; at most ${gb(MOST_CHECKPOINT_BYTES)} can be stored, so none is kept.`,
    hint: "Keep the page open until the run is over: it cannot be continued after it was closed. A smaller model can.",
  };
}

/** Stores a checkpoint and drops the run's oldest ones beyond the kept number. */
export async function putCheckpoint(
  db: Database,
  runId: string,
  step: number,
  bytes: ArrayBuffer,
  nowMs: number,
): Promise<void> {
  const sha256 = await sha256Hex(bytes);
  try {
    const tx = db.transaction("checkpoints", "readwrite");
    await tx.store.put({ runId, step, bytes, sha256, createdAtMs: nowMs });
    const keys = await tx.store.getAllKeys(IDBKeyRange.bound([runId, 0], [runId, Infinity]));
    await Promise.all(
      keys.slice(0, Math.max(0, keys.length - KEPT)).map((key) => tx.store.delete(key)),
    );
    await tx.done;
  } catch (cause) {
    throw storageError(`saving the checkpoint of step ${step}`, cause);
  }
}

export interface FoundCheckpoint {
  readonly record: CheckpointRecord;
  /** Newer checkpoints whose checksum failed; they were passed over. */
  readonly damagedSteps: readonly number[];
}

/** The newest checkpoint of a run whose checksum holds, or undefined when there is none. */
export async function latestCheckpoint(
  db: Database,
  runId: string,
): Promise<FoundCheckpoint | undefined> {
  const keys = await db.getAllKeys("checkpoints", IDBKeyRange.bound([runId, 0], [runId, Infinity]));
  const damagedSteps: number[] = [];
  for (const key of keys.reverse()) {
    const record = await db.get("checkpoints", key);
    if (!record) continue;
    if ((await sha256Hex(record.bytes)) === record.sha256) return { record, damagedSteps };
    damagedSteps.push(record.step);
  }
  return undefined;
}

/**
 * A run's checkpoint of one step.
 * @throws StudioError BAD_CHECKPOINT when it is not stored; CHECKSUM_MISMATCH when its bytes are damaged
 */
export async function readCheckpointOf(
  db: Database,
  runId: string,
  step: number,
): Promise<CheckpointRecord> {
  const record = await db.get("checkpoints", [runId, step]);
  if (!record) {
    throw new StudioError(
      "BAD_CHECKPOINT",
      `There is no checkpoint of step ${step} of run ${runId}.`,
      "Choose another step: the newest few checkpoints of a run are kept.",
    );
  }
  if ((await sha256Hex(record.bytes)) === record.sha256) return record;
  throw new StudioError(
    "CHECKSUM_MISMATCH",
    `The checkpoint of step ${step} of run ${runId} is damaged.`,
    "Choose another step, or resume the run: it goes on from the one before.",
  );
}
