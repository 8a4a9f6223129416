import { proxy, wrap } from "comlink";
import { afterEach, expect, test } from "vitest";
import { Experiment } from "../../common/config/experiment";
import { sha256Hex } from "../../common/formats/sha256";
import { randomUniform } from "../../common/math/rng";
import type { CacheEvent, CacheRequest, FeaturesApi } from "../../common/protocol/features";
import type { Outcome } from "../../common/protocol/shared";
import { deleteCache, listCaches, rowsPerShard } from "../../common/storage/caches";
import type { Database } from "../../common/storage/db";
import { openStudioDb } from "../../common/storage/openDb";

/** Served by test/builtWorkers.ts. */
const FEATURES_WORKER = "/built-workers/features.js";
/** The real worker on real storage, ended from outside as a crash would end it. */
const KILLS = 20;
/** Some ten of sixteen shards' time: any moment of their work is met. */
const LATEST_KILL_MS = 1500;

const REQUEST: CacheRequest = {
  data: Experiment.parse({ data: { imageLimit: 400 } }).data,
  autoencoder: { id: "pixels" },
  grid: 8,
  encoders: [],
  backend: "cpu",
};

interface Attempt {
  /** Undefined when the worker was killed before it replied. */
  readonly outcome: Outcome<null> | undefined;
  /** Rows it told of. */
  readonly computed: number;
}

/** Fills the caches in a worker of its own, killed `killAfterMs` after its first progress. */
async function attempt(killAfterMs?: number): Promise<Attempt> {
  const worker = new Worker(FEATURES_WORKER, { type: "module" });
  const api = wrap<FeaturesApi>(worker);
  let [first, last] = [NaN, NaN];
  let kill: (() => void) | undefined;
  const killed = new Promise<undefined>((resolve) => (kill = () => resolve(undefined)));
  const onEvent = (event: CacheEvent) => {
    if (event.type !== "progress") return;
    if (Number.isNaN(first)) {
      first = event.done;
      if (killAfterMs !== undefined) setTimeout(() => kill?.(), killAfterMs);
    }
    last = event.done;
  };
  const outcome = await Promise.race([api.prepare(REQUEST, proxy(onEvent)), killed]);
  worker.terminate();
  return { outcome, computed: Number.isNaN(first) ? 0 : last - first };
}

interface Stored {
  /** Checksums of the shards by name. */
  readonly shards: ReadonlyMap<string, string>;
  readonly rows: number;
}

/** What is stored; fails when a shard is not what its checksum says. */
async function soundShards(db: Database): Promise<Stored> {
  const found = new Map<string, string>();
  let total = 0;
  for (const { cacheKey, shard, rows, bytes, sha256 } of await db.getAll("shards")) {
    expect(await sha256Hex(bytes)).toBe(sha256);
    found.set(`${cacheKey} ${shard}`, sha256);
    total += rows;
  }
  return { shards: found, rows: total };
}

async function empty(db: Database) {
  for (const { cacheKey } of await listCaches(db)) await deleteCache(db, cacheKey);
}

let db: Database | undefined;
afterEach(async () => {
  if (db) await empty(db);
  db?.close();
});

test("killed at twenty random points, the caches hold nothing wrong and lose one shard at most", async () => {
  db = await openStudioDb();
  expect((await attempt()).outcome).toEqual({ ok: true, value: null });
  const { shards: whole } = await soundShards(db);
  const longest = Math.max(...(await listCaches(db)).map((cache) => rowsPerShard(cache)));
  expect(whole.size).toBeGreaterThan(10);
  await empty(db);

  const moments = randomUniform({ seed: 3, stream: "test/kills" }, 10 * KILLS);
  let [kills, tries] = [0, 0];
  const losses: number[] = [];
  let [progressed, before] = [0, 0];
  while (kills < KILLS) {
    const { outcome, computed } = await attempt((moments[tries] ?? 0.5) * LATEST_KILL_MS);
    tries += 1;
    const stored = await soundShards(db);
    for (const [name, sha256] of stored.shards) expect(whole.get(name), name).toBe(sha256);
    if (outcome) {
      expect(outcome).toEqual({ ok: true, value: null });
      expect(stored.shards).toEqual(whole);
      await empty(db);
      before = 0;
      continue;
    }
    kills += 1;
    const gained = stored.rows - before;
    before = stored.rows;
    losses.push(Math.max(0, computed - gained));
    if (gained > 0) progressed += 1;
  }
  expect((await attempt()).outcome).toEqual({ ok: true, value: null });
  expect((await soundShards(db)).shards).toEqual(whole);
  for (const lost of losses) expect(lost).toBeLessThanOrEqual(longest);
  // else the kills met nothing worth losing
  expect(Math.max(...losses)).toBeGreaterThan(0);
  expect(progressed).toBeGreaterThan(KILLS / 4); // half of them and more, but on a busy machine
  console.log(`rows lost at each of ${KILLS} kills: ${losses.join(", ")} (a shard has ${longest})`);
});
