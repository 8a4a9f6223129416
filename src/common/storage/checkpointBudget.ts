import { z } from "zod";
import { readAll } from "./checked";
import { isKept, markCheckpoint, prune } from "./checkpoints";
import type { CheckpointHead, Database } from "./db";
import { getSetting, putSetting } from "./settings";

/**
 * What checkpoints may take that are kept beside the newest ones of their runs: those the user pinned, and fork points. One
 * budget for all runs. Pinned ones stay whatever they take; fork points make way, the oldest first.
 */

const KEY = "checkpointBudget";
/** Some fifty checkpoints of the built-in presets. */
const DEFAULT_BYTES = 500e6;

/** Bytes the kept checkpoints of all runs may take. */
export async function readBudget(db: Database): Promise<number> {
  const stored = z
    .number()
    .min(0)
    .safeParse(await getSetting(db, KEY));
  return stored.data ?? DEFAULT_BYTES;
}

/** Sets the budget; fork points that are beyond it make way. */
export async function putBudget(db: Database, bytes: number): Promise<void> {
  await putSetting(db, KEY, bytes);
  await keepWithinBudget(db);
}

const bytesOf = (heads: readonly CheckpointHead[]): number =>
  heads.reduce((sum, { bytes }) => sum + bytes, 0);

/** Whether a fork point of so many bytes has room beside what is pinned. */
export async function hasRoomForForkPoint(db: Database, bytes: number): Promise<boolean> {
  const { records } = await readAll(db, "checkpoints");
  const pinned = records.filter((head) => head.pinned);
  return bytesOf(pinned) + bytes <= (await readBudget(db));
}

/**
 * Fork points that make way, the oldest first, until the kept checkpoints are within the budget. The newest checkpoint of a
 * run is none of them: the run goes on from it.
 * @param heads of all runs, by run and step
 */
export function beyondBudget(
  heads: readonly CheckpointHead[],
  budgetBytes: number,
): readonly CheckpointHead[] {
  const newest = new Map(heads.map((head) => [head.runId, head]));
  const kept = heads.filter(isKept);
  const able = kept.filter((head) => !head.pinned && newest.get(head.runId) !== head);
  let left = bytesOf(kept);
  const going: CheckpointHead[] = [];
  for (const head of able.sort((a, b) => a.createdAtMs - b.createdAtMs || a.step - b.step)) {
    if (left <= budgetBytes) break;
    left -= head.bytes;
    going.push(head);
  }
  return going;
}

/** Lets fork points go that are beyond the budget. One that is among its run's newest stays as such. */
export async function keepWithinBudget(db: Database): Promise<void> {
  const { records } = await readAll(db, "checkpoints");
  const going = beyondBudget(records, await readBudget(db));
  for (const head of going) await markCheckpoint(db, head, { forkPoint: false });
  for (const runId of new Set(going.map((head) => head.runId))) await prune(db, runId);
}

/** Keeps a checkpoint until the user says otherwise, or no longer. */
export async function pinCheckpoint(
  db: Database,
  runId: string,
  step: number,
  pinned: boolean,
): Promise<void> {
  await markCheckpoint(db, { runId, step }, { pinned });
  await keepWithinBudget(db);
  await prune(db, runId);
}
