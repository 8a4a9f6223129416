import { deleteCache } from "./caches";
import { readAll, type CheckedStore, type Unreadable } from "./checked";
import { deleteCheckpoint } from "./checkpoints";
import { deleteDataset } from "./datasets";
import type { Database } from "./db";
import { storageError } from "./quota";
import { deleteRun } from "./runs";
import { deleteWeights } from "./weights";

/** Records that are there and cannot be used: found, deleted with what belongs to them, and saved as a file. */

/** Stores that lists are made of. Damaged rows of a log and grids are found when their run is opened. */
const LISTED = ["runs", "checkpoints", "caches", "weights", "datasets", "analyses"] as const;

/** Every record of a list that cannot be read. @throws StudioError STORAGE_CLOSED, STORAGE_FAILED */
export async function findUnreadable(db: Database): Promise<Unreadable[]> {
  const found = await Promise.all(LISTED.map((store) => readAll(db, store)));
  return found.flatMap(({ unreadable }) => unreadable);
}

type Named = Pick<Unreadable, "store" | "key">;

/** Keys are what IndexedDB holds, of any type; those of the studio's own records are texts and numbers. */
const DELETE: Partial<
  Readonly<Record<CheckedStore, (db: Database, key: never) => Promise<unknown>>>
> = {
  runs: deleteRun,
  checkpoints: (db, [runId, step]: [string, number]) => deleteCheckpoint(db, runId, step),
  caches: deleteCache,
  weights: deleteWeights,
  datasets: deleteDataset,
};

/** Deletes a record with everything that is filed under it. @throws StudioError STORAGE_FAILED */
export async function deleteUnreadable(db: Database, { store, key }: Named): Promise<void> {
  try {
    await (DELETE[store]?.(db, key as never) ?? db.delete(store, key as never));
  } catch (cause) {
    throw storageError(`deleting a damaged record of ${store}`, cause);
  }
}

/**
 * A record as a file: a line of JSON, in which each buffer is {"bytesAt", "bytes"}, then these buffers one after another.
 * With a checkpoint's record come its parts.
 */
export async function unreadableFile(db: Database, { store, key }: Named): Promise<Blob> {
  const pieces: ArrayBuffer[] = [];
  let at = 0;
  const placed = (bytes: ArrayBuffer) => {
    pieces.push(bytes);
    at += bytes.byteLength;
    return { bytesAt: at - bytes.byteLength, bytes: bytes.byteLength };
  };
  const plain = (_key: string, value: unknown): unknown => {
    if (value instanceof ArrayBuffer) return placed(value);
    if (ArrayBuffer.isView(value)) {
      const { buffer, byteOffset, byteLength } = value;
      return placed(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
    }
    if (value instanceof Map || value instanceof Set) return [...(value as Iterable<unknown>)];
    return typeof value === "bigint" ? String(value) : value;
  };
  const record: unknown = await db.get(store, key as never).catch(() => null);
  const parts = store === "checkpoints" ? await partsOf(db, key) : [];
  const line = JSON.stringify({ store, key, record, parts }, plain);
  return new Blob([`${line}\n`, ...pieces]);
}

/** A checkpoint's parts, those that can be read. */
async function partsOf(db: Database, key: IDBValidKey): Promise<readonly unknown[]> {
  const [runId, step] = key as [string, number];
  const range = IDBKeyRange.bound([runId, step, 0], [runId, step, Infinity]);
  return db.getAll("stateParts", range).catch(() => []);
}
