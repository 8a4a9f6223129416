import { beforeEach, expect, test } from "vitest";
import { installFakeIndexedDb } from "../../../test/fakeDatabase";
import { createShardMemory, openShardedRows } from "../../sessions/caches/shardedRows";
import { float32ToHalf } from "../math/half";
import {
  rowsPerShard,
  shardRanges,
  SHORT_ROWS,
  sizedSpec,
  writeShard,
  type CacheSpec,
} from "./caches";
import type { Database } from "./db";
import { openStudioDb } from "./openDb";

const ROWS = 600;
/** As long as a latent of the built-in autoencoder: earlier versions stored 512 of them together. */
const SPEC: CacheSpec = { cacheKey: "latents/x", label: "Latents", rowLength: 2048 };

const rowsFrom = (first: number, last: number) =>
  float32ToHalf(
    Float32Array.from(
      { length: (last - first) * SPEC.rowLength },
      (_, at) => first + Math.floor(at / SPEC.rowLength),
    ),
  );

async function fill(db: Database, spec: CacheSpec) {
  for (const { shard, first, last } of shardRanges(spec, ROWS)) {
    await writeShard(db, spec, shard, rowsFrom(first, last), 1);
  }
}

async function read(db: Database, rows: readonly number[]) {
  const memory = createShardMemory(2 ** 24);
  const all = { total: ROWS, ranges: [[0, ROWS] as const], memory };
  const values = await (await openShardedRows(db, SPEC, all)).gather(rows);
  return rows.map((_, i) => values[i * SPEC.rowLength]);
}

beforeEach(installFakeIndexedDb);

test("a cache of an earlier version keeps its long shards, and is read as it was", async () => {
  const db = await openStudioDb();
  expect(rowsPerShard(SPEC)).toBe(512);
  await fill(db, SPEC);
  expect(await sizedSpec(db, SPEC)).toEqual({ ...SPEC, shardRows: 512 });
  expect(await read(db, [0, 63, 64, 511, 512, 599])).toEqual([0, 63, 64, 511, 512, 599]);
  db.close();
});

test("a new one has short shards, and its record says so", async () => {
  const db = await openStudioDb();
  const spec = await sizedSpec(db, SPEC);
  expect(spec.shardRows).toBe(SHORT_ROWS);
  await fill(db, spec);
  expect(await db.get("caches", SPEC.cacheKey)).toMatchObject({ rowsPerShard: 64, rows: ROWS });
  expect(await sizedSpec(db, SPEC)).toEqual(spec);
  expect(await read(db, [0, 63, 64, 511, 512, 599])).toEqual([0, 63, 64, 511, 512, 599]);
  // rows that are longer than before stay in shards as small as before
  const long = { ...SPEC, cacheKey: "long", rowLength: 64 * 64 * 6 };
  expect((await sizedSpec(db, long)).shardRows).toBe(rowsPerShard(long));
  db.close();
});
