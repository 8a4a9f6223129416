import type { Fork } from "../config/forks";
import { checkpointHead, damaged, isSound } from "./checkpoints";
import { keepWithinBudget } from "./checkpointBudget";
import type { CheckpointHead, Database, RunLook, RunRecord } from "./db";
import { everyPart } from "./keys";
import { checkpointName, holding } from "./locks";
import { storageError } from "./quota";
import { nextOrder } from "./runs";
import { DURABLE, inTransaction } from "./transaction";

export interface ForkRequest {
  /** Its id as a run. */
  readonly id: string;
  readonly parent: RunRecord;
  /** Steps the parent had taken; 0 begins anew from the start. */
  readonly step: number;
  readonly fork: Fork;
  readonly look: RunLook;
  readonly nowMs: number;
}

/** The record of a fork that has taken no step yet: its parent's, with what it has otherwise. */
export function forkRecord({ id, parent, step, fork, look, nowMs }: ForkRequest): RunRecord {
  const { name, datasetHash, codeVersion, imageRanges, repeats } = parent;
  const { experiment, timeline, change, inTimeline } = fork;
  // from the start all of its settings hold for all of its steps
  const repeatable = step === 0 || (inTimeline && parent.parent?.repeatable !== false);
  return {
    ...{ id, name, experiment, timeline, step, datasetHash, codeVersion, look },
    ...{ createdAtMs: nowMs, updatedAtMs: nowMs },
    device: null, // it has not trained yet, and its parent may be of another machine
    phase: "stopped",
    parent: { runId: parent.id, step, change, repeatable },
    ...(imageRanges && { imageRanges }),
    ...(repeats !== undefined && { repeats }),
  };
}

/**
 * Stores a fork: its record, and a copy of the checkpoint it begins from, so that it depends on its parent no more. All of
 * it is stored or nothing.
 * @throws StudioError BAD_CHECKPOINT when the checkpoint is not stored, CHECKSUM_MISMATCH when it is damaged; QUOTA_EXCEEDED, STORAGE_FAILED
 */
export async function storeFork(db: Database, request: ForkRequest): Promise<RunRecord> {
  const record = forkRecord(request);
  const { parent, step } = request;
  if (step === 0) {
    await write(db, record, undefined);
    return record;
  }
  // nobody prunes the checkpoint while it is read
  await holding([checkpointName(db, parent.id, step)], async () => {
    const head = await checkpointHead(db, parent.id, step);
    if (!(await isSound(db, head))) throw damaged(parent.id, step);
    await write(db, record, head);
  });
  await keepWithinBudget(db);
  return record;
}

async function write(
  db: Database,
  record: RunRecord,
  from: CheckpointHead | undefined,
): Promise<void> {
  try {
    const tx = db.transaction(["runs", "checkpoints", "stateParts"], "readwrite", DURABLE);
    await inTransaction(tx, async () => {
      const runs = tx.objectStore("runs");
      await runs.put({ ...record, order: await nextOrder(runs) });
      if (!from) return;
      const { bytes, parts, step } = from;
      const own = { runId: record.id, step, bytes, parts, createdAtMs: record.createdAtMs };
      // a fork point: where its first own change is undone, it begins from here once more
      await tx.objectStore("checkpoints").put({ ...own, pinned: false, forkPoint: true });
      const pieces = tx.objectStore("stateParts");
      let cursor = await pieces.openCursor(everyPart(from.runId, step));
      for (; cursor; cursor = await cursor.continue()) {
        await pieces.put({ ...cursor.value, runId: record.id }); // one part at a time is held
      }
    });
  } catch (cause) {
    throw storageError(`saving a fork of step ${record.step}`, cause);
  }
}
