import { sha256Hex } from "../formats/sha256";
import { readAll, usable } from "./checked";
import type { CacheRecord, Database, ShardRecord } from "./db";
import { failing, storageError } from "./quota";
import { inTransaction } from "./transaction";

/**
 * Caches of float16 rows, one row an image: latents (mean, then standard deviation) and encoder tokens.
 * A cache grows by shards; each is written whole with its checksum in one transaction, so a crash loses at
 * most the shard in flight, and a damaged one is deleted and computed again.
 */

/** Small enough that a cut costs seconds of work, large enough that a cache is some hundred records. */
const SHARD_BYTES = 2 * 2 ** 20;
/**
 * Rows of a published encoder are some hundred kB: a few of them fill a GPU, and a batch reads few more than its own.
 */
const LONG_ROWS = 8;
const MOST_BYTES = 8 * 2 ** 20;
const HALF_BYTES = 2;

export interface CacheSpec {
  /** Names everything that decides the bytes: data set hash, model, version, grid. */
  readonly cacheKey: string;
  readonly label: string;
  /** Float16 values in a row. */
  readonly rowLength: number;
  /** Which stored weights make the rows, where they are not the studio's own; not asked of who only reads. */
  readonly weights?: string;
  /** Rows in a full shard, where `sizedSpec` has found out; absent, as many as the earliest versions wrote. */
  readonly shardRows?: number;
}

/** Rows in a full shard of this cache. */
export function rowsPerShard({
  rowLength,
  shardRows,
}: Pick<CacheSpec, "rowLength" | "shardRows">): number {
  if (shardRows !== undefined) return shardRows;
  const rowsIn = (bytes: number) => Math.floor(bytes / (rowLength * HALF_BYTES));
  return Math.max(1, rowsIn(SHARD_BYTES), Math.min(LONG_ROWS, rowsIn(MOST_BYTES)));
}

/** A new cache has no longer shards: a run that starts early waits for one shard of each cache. */
export const SHORT_ROWS = 64;

/** The spec with the size of its shards: as the cache is stored, or for a new one. */
export async function sizedSpec(db: Database, spec: CacheSpec): Promise<CacheSpec> {
  const known = usable("caches", await db.get("caches", spec.cacheKey));
  const fresh = Math.min(SHORT_ROWS, rowsPerShard({ rowLength: spec.rowLength }));
  return { ...spec, shardRows: known?.rowsPerShard ?? fresh };
}

/** Rows `first` (included) to `last` (not included) of a cache, stored together. */
export interface ShardRange {
  readonly shard: number;
  readonly first: number;
  readonly last: number;
}

const everyShard = (cacheKey: string) => IDBKeyRange.bound([cacheKey, 0], [cacheKey, Infinity]);

/** The shards that hold rows 0..rows-1. */
export function shardRanges(spec: CacheSpec, rows: number): ShardRange[] {
  const size = rowsPerShard(spec);
  return Array.from({ length: Math.ceil(rows / size) }, (_, shard) => ({
    shard,
    first: shard * size,
    last: Math.min(rows, (shard + 1) * size),
  }));
}

/** Writes one shard and the cache's entry, together or not at all. */
export async function writeShard(
  db: Database,
  spec: CacheSpec,
  shard: number,
  rows: Uint16Array,
  nowMs: number,
): Promise<void> {
  const bytes = new Uint16Array(rows).buffer;
  const sha256 = await sha256Hex(bytes);
  const count = rows.length / spec.rowLength;
  try {
    const tx = db.transaction(["caches", "shards"], "readwrite");
    await inTransaction(tx, async () => {
      const [stored, before] = await Promise.all([
        tx.objectStore("caches").get(spec.cacheKey),
        tx.objectStore("shards").get([spec.cacheKey, shard]),
      ]);
      const known = usable("caches", stored);
      const { cacheKey, label, rowLength, weights } = spec;
      const record: CacheRecord = {
        ...{ cacheKey, label, rowLength },
        ...(weights === undefined ? {} : { weights }),
        rows: (known?.rows ?? 0) - (before?.rows ?? 0) + count,
        rowsPerShard: rowsPerShard(spec),
        createdAtMs: known?.createdAtMs ?? nowMs,
      };
      await Promise.all([
        tx.objectStore("caches").put(record),
        tx.objectStore("shards").put({ cacheKey, shard, bytes, sha256, rows: count }),
      ]);
    });
  } catch (cause) {
    throw storageError(`writing shard ${shard} of ${spec.label}`, cause);
  }
}

/** A shard's rows, `missing` when it is not there or too short, `damaged` when its bytes are not its checksum's. */
export async function readShard(
  db: Database,
  spec: CacheSpec,
  { shard, first, last }: ShardRange,
): Promise<Uint16Array | "missing" | "damaged"> {
  const record: ShardRecord | undefined = await db
    .get("shards", [spec.cacheKey, shard])
    .catch((cause: unknown) =>
      Promise.reject(storageError(`reading shard ${shard} of ${spec.label}`, cause)),
    );
  if (!record || record.rows < last - first) return "missing";
  const wholeLength = record.rows * spec.rowLength * HALF_BYTES;
  if (
    record.bytes.byteLength !== wholeLength ||
    (await sha256Hex(record.bytes)) !== record.sha256
  ) {
    return "damaged";
  }
  return new Uint16Array(record.bytes, 0, (last - first) * spec.rowLength);
}

/** Which shards of a cache are stored, by record: their bytes are checked when they are read. */
export async function storedShards(
  db: Database,
  { cacheKey }: Pick<CacheSpec, "cacheKey">,
): Promise<ReadonlySet<number>> {
  const keys = await db.getAllKeys("shards", everyShard(cacheKey));
  return new Set(keys.map(([, shard]) => shard));
}

export interface CacheUse extends CacheRecord {
  readonly bytes: number;
}

/** Every cache with its size, for the storage meter. */
export async function listCaches(db: Database): Promise<CacheUse[]> {
  const { records } = await readAll(db, "caches");
  return records.map((record) => ({
    ...record,
    bytes: record.rows * record.rowLength * HALF_BYTES,
  }));
}

/** Deletes a cache and its shards. */
export async function deleteCache(db: Database, cacheKey: string): Promise<void> {
  const tx = db.transaction(["caches", "shards"], "readwrite");
  await inTransaction(tx, () =>
    Promise.all([
      tx.objectStore("caches").delete(cacheKey),
      tx.objectStore("shards").delete(everyShard(cacheKey)),
    ]),
  ).catch(failing("deleting a cache"));
}
