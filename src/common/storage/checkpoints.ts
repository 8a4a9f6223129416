import { StudioError, type Failure } from "../errors/studioError";
import { sha256Hex } from "../formats/sha256";
import type { CheckpointHead, Database, StatePart } from "./db";
import { readAll, readRecord, usable } from "./checked";
import { everyPart, everyStep } from "./keys";
import { checkpointName, unlessHeld } from "./locks";
import { failing, isClosed, storageError } from "./quota";
import { DURABLE, inTransaction } from "./transaction";

/**
 * Checkpoints: a head that says what each is, and its bytes in parts with a checksum each. Both are written in one
 * transaction, so a checkpoint is there whole or not at all. Lengths and steps are read from heads alone.
 */

/** Older checkpoints of a run are deleted; more than the newest guard against a damaged one. */
const KEPT = 3;

/** Small enough for one call of SHA-256 and one value of the database; large enough that a small model is one part. */
export const PART_BYTES = 64 * 2 ** 20;

/**
 * Largest checkpoint that is kept. Parts have no such limit, but the file is put together in one ArrayBuffer, and 4 GiB
 * is the most that every browser gives one.
 */
export const MOST_CHECKPOINT_BYTES = 2 ** 32;

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

/** Parts of a file of so many bytes: where each begins and ends. */
const partRanges = (bytes: number, partBytes: number) =>
  Array.from({ length: Math.ceil(bytes / partBytes) }, (_, part) => ({
    part,
    begin: part * partBytes,
    end: Math.min(bytes, (part + 1) * partBytes),
  }));

interface PutOptions {
  readonly nowMs: number;
  /** Stored between those by steps: it makes way for the next one. */
  readonly interim?: boolean;
  /** Forks may begin here; the caller keeps the budget (checkpointBudget.ts). */
  readonly forkPoint?: boolean;
  /** Length of a part; tests pass a smaller one. */
  readonly partBytes?: number;
}

/**
 * Stores a checkpoint and drops the run's oldest ones beyond the kept number. One of the same step is replaced, and what
 * keeps it keeps the new one.
 * @throws StudioError QUOTA_EXCEEDED, STORAGE_FAILED; what was stored before is then still there
 */
export async function putCheckpoint(
  db: Database,
  runId: string,
  step: number,
  bytes: ArrayBuffer,
  { nowMs, interim = false, forkPoint = false, partBytes = PART_BYTES }: PutOptions,
): Promise<void> {
  const ranges = partRanges(bytes.byteLength, partBytes);
  const parts: StatePart[] = [];
  for (const { begin, end } of ranges) {
    parts.push({ bytes: end - begin, sha256: await sha256Hex(bytes.slice(begin, end)) });
  }
  try {
    const tx = db.transaction(["checkpoints", "stateParts"], "readwrite", DURABLE);
    await inTransaction(tx, async () => {
      const heads = tx.objectStore("checkpoints");
      const pieces = tx.objectStore("stateParts");
      const before = usable("checkpoints", await heads.get([runId, step]));
      await pieces.delete(everyPart(runId, step)); // of the same step, stored before a change of settings
      for (const { part, begin, end } of ranges) {
        // a copy: a view would be stored with the whole buffer behind it; one part at a time, to hold one copy
        await pieces.put({ runId, step, part, bytes: bytes.slice(begin, end) });
      }
      const pinned = before?.pinned ?? false;
      const isForkPoint = forkPoint || before?.forkPoint === true;
      const isInterim = interim && (before === undefined || before.interim === true);
      await heads.put({
        ...{ runId, step, bytes: bytes.byteLength, createdAtMs: nowMs, pinned, parts },
        ...(isInterim && { interim: true }),
        ...(isForkPoint && { forkPoint: true }),
      });
    });
    await prune(db, runId);
  } catch (cause) {
    throw storageError(`saving the checkpoint of step ${step}`, cause);
  }
}

/** Whether a checkpoint stays beside a run's newest ones. */
export const isKept = ({ pinned, forkPoint }: CheckpointHead): boolean =>
  pinned || forkPoint === true;

/** Which of a run's checkpoints are no longer kept. Pinned ones and fork points stay and are not counted, nor are interim ones. */
export function outdated(heads: readonly CheckpointHead[]): readonly CheckpointHead[] {
  const counted = heads.filter((head) => !isKept(head));
  const regular = counted.filter(({ interim }) => !interim);
  const between = counted.filter((head) => head.interim && head !== heads.at(-1));
  return [...regular.slice(0, Math.max(0, regular.length - KEPT)), ...between];
}

/** Changes what keeps a checkpoint; nothing happens when it is gone. */
export async function markCheckpoint(
  db: Database,
  { runId, step }: Pick<CheckpointHead, "runId" | "step">,
  mark: Partial<Pick<CheckpointHead, "pinned" | "forkPoint">>,
): Promise<void> {
  try {
    const tx = db.transaction("checkpoints", "readwrite", DURABLE);
    await inTransaction(tx, async () => {
      const head = usable("checkpoints", await tx.store.get([runId, step]));
      if (head) await tx.store.put({ ...head, ...mark });
    });
  } catch (cause) {
    throw storageError(`keeping the checkpoint of step ${step}`, cause);
  }
}

/** Deletes those that are no longer kept. One that is being read stays until the next checkpoint is stored. */
export async function prune(db: Database, runId: string): Promise<void> {
  for (const { step } of outdated(await checkpointHeads(db, runId))) {
    await unlessHeld(checkpointName(db, runId, step), () => deleteCheckpoint(db, runId, step));
  }
}

/** Deletes a checkpoint with its parts. */
export async function deleteCheckpoint(db: Database, runId: string, step: number): Promise<void> {
  const tx = db.transaction(["checkpoints", "stateParts"], "readwrite");
  await inTransaction(tx, () =>
    Promise.all([
      tx.objectStore("checkpoints").delete([runId, step]),
      tx.objectStore("stateParts").delete(everyPart(runId, step)),
    ]),
  ).catch(failing(`deleting the checkpoint of step ${step}`));
}

/** Heads of a run's checkpoints, by step; those that cannot be read are left out. */
export async function checkpointHeads(
  db: Database,
  runId: string,
): Promise<readonly CheckpointHead[]> {
  return (await readAll(db, "checkpoints", everyStep(runId))).records;
}

/** Heads of all checkpoints by run, each run's by step, read at once; those that cannot be read are left out. */
export async function checkpointHeadsByRun(
  db: Database,
): Promise<ReadonlyMap<string, readonly CheckpointHead[]>> {
  const byRun = new Map<string, CheckpointHead[]>();
  for (const head of (await readAll(db, "checkpoints")).records) {
    const heads = byRun.get(head.runId);
    if (heads) heads.push(head);
    else byRun.set(head.runId, [head]);
  }
  return byRun;
}

/** Step of a run's newest checkpoint, whether or not it is sound; undefined when there is none. */
export async function newestCheckpointStep(
  db: Database,
  runId: string,
): Promise<number | undefined> {
  return (await checkpointHeads(db, runId)).at(-1)?.step;
}

/**
 * A part's bytes; "damaged" when it is missing, cannot be read, or is not that of its checksum.
 * @param part its place in `head.parts`
 */
async function soundPart(
  db: Database,
  { runId, step, parts }: CheckpointHead,
  part: number,
): Promise<ArrayBuffer | "damaged"> {
  const found = await readPart(db, [runId, step, part]);
  if (found === undefined || found.byteLength !== parts[part]?.bytes) return "damaged";
  return (await sha256Hex(found)) === parts[part].sha256 ? found : "damaged";
}

/** Whether every part of a checkpoint is sound; one part at a time is held. */
export async function isSound(db: Database, head: CheckpointHead): Promise<boolean> {
  for (const part of head.parts.keys()) {
    if ((await soundPart(db, head, part)) === "damaged") return false;
  }
  return true;
}

/** A checkpoint's file; `damaged` when a part is missing, cannot be read, or is not that of its checksum. */
async function readFile(db: Database, head: CheckpointHead): Promise<ArrayBuffer | "damaged"> {
  const { parts } = head;
  const file = parts.length > 1 ? new Uint8Array(head.bytes) : undefined;
  let at = 0;
  for (const part of parts.keys()) {
    const found = await soundPart(db, head, part);
    if (found === "damaged" || !file) return found;
    file.set(new Uint8Array(found), at);
    at += found.byteLength;
  }
  return file && at === head.bytes ? file.buffer : "damaged";
}

/** A part's bytes; undefined when they are not there, or the browser cannot read them. */
async function readPart(
  db: Database,
  key: [runId: string, step: number, part: number],
): Promise<ArrayBuffer | undefined> {
  try {
    return (await db.get("stateParts", key))?.bytes;
  } catch (cause) {
    if (isClosed(cause)) throw storageError(`reading the checkpoint of step ${key[1]}`, cause);
    return undefined;
  }
}

/** A checkpoint as its run goes on from it. */
export interface StoredCheckpoint {
  readonly step: number;
  /** The whole file. */
  readonly bytes: ArrayBuffer;
}

export interface FoundCheckpoint {
  readonly record: StoredCheckpoint;
  /** Newer checkpoints whose checksum failed; they were passed over. */
  readonly damagedSteps: readonly number[];
}

/** The newest checkpoint of a run whose checksums hold, or undefined when there is none. */
export async function latestCheckpoint(
  db: Database,
  runId: string,
): Promise<FoundCheckpoint | undefined> {
  const heads = new Map((await checkpointHeads(db, runId)).map((head) => [head.step, head]));
  const keys = await db.getAllKeys("checkpoints", everyStep(runId));
  const damagedSteps: number[] = [];
  for (const [, step] of keys.reverse()) {
    const head = heads.get(step);
    const bytes = head ? await readFile(db, head) : "damaged";
    if (bytes !== "damaged") return { record: { step, bytes }, damagedSteps };
    damagedSteps.push(step);
  }
  return undefined;
}

/**
 * What a run's checkpoint of one step is, without its bytes.
 * @throws StudioError BAD_CHECKPOINT when it is not stored
 */
export async function checkpointHead(
  db: Database,
  runId: string,
  step: number,
): Promise<CheckpointHead> {
  const head = await readRecord(db, "checkpoints", [runId, step]);
  if (head) return head;
  throw new StudioError(
    "BAD_CHECKPOINT",
    `There is no checkpoint of step ${step} of run ${runId}.`,
    "Choose another step: the newest few checkpoints of a run are kept.",
  );
}

/**
 * A run's checkpoint of one step.
 * @throws StudioError BAD_CHECKPOINT when it is not stored; CHECKSUM_MISMATCH when its bytes are damaged
 */
export async function readCheckpointOf(
  db: Database,
  runId: string,
  step: number,
): Promise<StoredCheckpoint> {
  const bytes = await readFile(db, await checkpointHead(db, runId, step));
  if (bytes !== "damaged") return { step, bytes };
  throw damaged(runId, step);
}

/** The error of a checkpoint whose checksums do not hold. */
export const damaged = (runId: string, step: number): StudioError =>
  new StudioError(
    "CHECKSUM_MISMATCH",
    `The checkpoint of step ${step} of run ${runId} is damaged.`,
    "Choose another step, or resume the run: it goes on from the one before.",
  );

/** Names a checkpoint's content: SHA-256 of its one part, or of its parts' checksums. */
export const contentSha256 = async ({ parts }: Pick<CheckpointHead, "parts">): Promise<string> =>
  parts.length === 1 && parts[0]
    ? parts[0].sha256
    : sha256Hex(new TextEncoder().encode(parts.map(({ sha256 }) => sha256).join("")));
