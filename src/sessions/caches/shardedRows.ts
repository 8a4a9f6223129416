import { StudioError } from "../../common/errors/studioError";
import { halfToFloat32 } from "../../common/math/half";
import {
  readShard,
  rowsPerShard,
  shardRanges,
  sizedSpec,
  storedShards,
  type CacheSpec,
} from "../../common/storage/caches";
import type { Database, ImageRange } from "../../common/storage/db";
import type { RowSource } from "../../engine/training/batch";

/**
 * Shards of several caches in memory; those not used for longest are dropped first. Each was checked when it was read.
 */
export interface ShardMemory {
  readonly get: (key: string) => Uint16Array | undefined;
  readonly put: (key: string, values: Uint16Array) => void;
  readonly bytes: () => number;
}

/** @param budgetBytes most bytes in memory; one shard is kept whatever its size */
export function createShardMemory(budgetBytes: number): ShardMemory {
  const held = new Map<string, Uint16Array>(); // in the order of their last use
  let bytes = 0;
  const drop = (key: string) => {
    bytes -= held.get(key)?.byteLength ?? 0;
    held.delete(key);
  };
  return {
    get: (key) => {
      const values = held.get(key);
      if (!values) return undefined;
      held.delete(key);
      held.set(key, values);
      return values;
    },
    put: (key, values) => {
      drop(key);
      held.set(key, values);
      bytes += values.byteLength;
      for (const oldest of held.keys()) {
        if (bytes <= budgetBytes || oldest === key) break;
        drop(oldest);
      }
    },
    bytes: () => bytes,
  };
}

const cacheMissing = (label: string, absent: readonly number[]) =>
  new StudioError(
    "CACHE_MISSING",
    `${label}: ${absent.length} of its shards are missing or damaged (first: ${absent[0] ?? 0}).`,
    "Press Train, or start Prefill caches in the Data view: missing rows are computed, the rest is kept.",
  );

/** The shards that hold any of the rows in `ranges`. */
export function neededShards(spec: CacheSpec, ranges: readonly ImageRange[]): number[] {
  const size = rowsPerShard(spec);
  const needed = new Set<number>();
  for (const [first, last] of ranges) {
    for (let shard = Math.floor(first / size); shard * size < last; shard++) needed.add(shard);
  }
  return [...needed].sort((a, b) => a - b);
}

interface ShardedRowsOptions {
  /** Rows of the whole cache: images of its data set. */
  readonly total: number;
  /** Rows that will be read. */
  readonly ranges: readonly ImageRange[];
  readonly memory: ShardMemory;
}

/**
 * Rows of a cache, read from storage when needed and kept in `memory` as far as they fit: a large encoder's tokens of
 * some thousand images do not fit beside a training run. A shard's checksum is verified at every read from storage.
 * @throws StudioError CACHE_MISSING when a shard of `ranges` is not stored; at a read, when one is damaged
 */
export async function openShardedRows(
  db: Database,
  unsized: CacheSpec,
  { total, ranges, memory }: ShardedRowsOptions,
): Promise<RowSource> {
  const spec = await sizedSpec(db, unsized);
  const { rowLength, cacheKey, label } = spec;
  const stored = await storedShards(db, spec);
  const absent = neededShards(spec, ranges).filter((shard) => !stored.has(shard));
  if (absent.length > 0) throw cacheMissing(label, absent);
  const size = rowsPerShard(spec);
  const rangesByShard = shardRanges(spec, total);
  const underWay = new Map<number, Promise<Uint16Array>>();

  const read = async (shard: number): Promise<Uint16Array> => {
    const range = rangesByShard[shard];
    const values = range ? await readShard(db, spec, range) : "missing";
    if (typeof values === "string") throw cacheMissing(label, [shard]);
    memory.put(`${cacheKey}/${shard}`, values);
    return values;
  };
  /** Reads under way, so that two batches read a shard once. */
  const shardValues = (shard: number): Promise<Uint16Array> => {
    const held = memory.get(`${cacheKey}/${shard}`);
    if (held) return Promise.resolve(held);
    const reading = underWay.get(shard) ?? read(shard).finally(() => underWay.delete(shard));
    underWay.set(shard, reading);
    return reading;
  };

  /** The shards that hold `rows`, by number. */
  const shardsOf = async (rows: readonly number[]) => {
    const values = new Map<number, Uint16Array>();
    for (const shard of new Set(rows.map((row) => Math.floor(row / size)))) {
      values.set(shard, await shardValues(shard));
    }
    return values;
  };

  return {
    rowLength,
    gather: async (rows) => {
      const wanted = Array.from(rows);
      const values = await shardsOf(wanted);
      const out = new Float32Array(wanted.length * rowLength);
      wanted.forEach((row, i) => {
        const start = (row % size) * rowLength;
        const from = values.get(Math.floor(row / size))?.subarray(start, start + rowLength);
        if (from) halfToFloat32(from, out.subarray(i * rowLength, (i + 1) * rowLength));
      });
      return out;
    },
    prefetch: async (rows) => {
      await shardsOf(Array.from(rows));
    },
  };
}
