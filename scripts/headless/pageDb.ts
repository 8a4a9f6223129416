import type { JSHandle, Page } from "playwright";
import {
  DB_NAME,
  type CacheRecord,
  type CheckpointHead,
  type DatasetRecord,
  type GridRecord,
  type LogRecord,
  type RunRecord,
  type SettingRecord,
  type ShardRecord,
  type StatePartRecord,
} from "../../src/common/storage/db";
import type { StepRows } from "../../src/common/storage/stepRows";
import type { StoredAnalysis } from "../../src/common/protocol/analysis";
import type { Measurement, SampleGrid, StepPoint } from "../../src/common/protocol/trainer";
import type { CacheFigures, LogPart, StudioReader } from "./studioReader";

/**
 * Reads the studio's IndexedDB from outside the app, with the raw API.
 * Runs in the page: it is sent as source, so it may use nothing from around it.
 */
function makeReader(name: string) {
  const settled = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("IndexedDB request failed"));
    });

  /** undefined while the database does not exist: opening it here would create it empty. */
  async function withDb<T>(work: (db: IDBDatabase) => Promise<T>): Promise<T | undefined> {
    const known = await indexedDB.databases();
    if (!known.some((entry) => entry.name === name)) return undefined;
    const db = await settled(indexedDB.open(name));
    try {
      return await work(db);
    } finally {
      db.close();
    }
  }
  /** As src/common/storage/stepRows.ts unpacks them. */
  const stepsOf = ({ columns, values }: StepRows): StepPoint[] =>
    Array.from({ length: values.length / columns.length }, (_, row) =>
      Object.fromEntries(columns.map((column, i) => [column, values[row * columns.length + i]])),
    ) as unknown as StepPoint[];

  const everyStep = (runId: string) => IDBKeyRange.bound([runId, 0], [runId, Infinity]);

  /** Store contents are the app's own records; their types are claimed here, once. */
  const store = (db: IDBDatabase, from: string) => db.transaction(from).objectStore(from);
  const steps = async (from: string, runId: string): Promise<number[]> => {
    const range = everyStep(runId);
    const keys = await withDb((db) => settled(store(db, from).getAllKeys(range)));
    return ((keys ?? []) as [runId: string, step: number][]).map(([, step]) => step);
  };
  const gridOf = (runId: string, step: number): Promise<GridRecord | undefined> =>
    withDb((db) =>
      settled(store(db, "grids").get([runId, step]) as IDBRequest<GridRecord | undefined>),
    );

  return {
    async runs(): Promise<readonly RunRecord[]> {
      const all = (db: IDBDatabase) =>
        settled(store(db, "runs").index("byOrder").getAll() as IDBRequest<RunRecord[]>);
      return (await withDb(all)) ?? [];
    },
    async log(runId: string, afterKey: number): Promise<LogPart> {
      const points: StepPoint[] = [];
      const measurements: Measurement[] = [];
      let lastKey = afterKey;
      await withDb(async (db) => {
        const later = IDBKeyRange.lowerBound(afterKey, true);
        const entries = await settled(
          store(db, "log").getAll(later) as IDBRequest<(LogRecord & { id: number })[]>,
        );
        for (const entry of entries) {
          lastKey = entry.id;
          if (entry.runId !== runId) continue;
          if (entry.kind === "steps") points.push(...stepsOf(entry));
          else measurements.push(entry.measurement);
        }
      });
      return { points, measurements, lastKey };
    },
    async datasets() {
      const all = (db: IDBDatabase) =>
        settled(store(db, "datasets").getAll() as IDBRequest<DatasetRecord[]>);
      return ((await withDb(all)) ?? []).map(({ name, images, complete }) => ({
        name,
        images,
        hash: complete?.hash ?? null,
      }));
    },
    async analyses(): Promise<readonly StoredAnalysis[]> {
      const all = (db: IDBDatabase) =>
        settled(store(db, "analyses").getAll() as IDBRequest<StoredAnalysis[]>);
      return (await withDb(all)) ?? [];
    },
    gridSteps: (runId: string) => steps("grids", runId),
    /** A grid's numbers, without its pictures. */
    async gridFacts(runId: string, step: number) {
      const grid = await gridOf(runId, step);
      if (!grid) return null;
      const { count, columns, tile, labels, denoised } = grid;
      const strip = denoised ? { tile: denoised.tile, times: denoised.times } : null;
      return { step, count, columns, tile, labels, strip };
    },
    async gridPng(runId: string, step: number): Promise<Uint8Array | null> {
      const grid = await gridOf(runId, step);
      return grid ? new Uint8Array(grid.png) : null;
    },
    async stripPng(runId: string, step: number): Promise<Uint8Array | null> {
      const strip = (await gridOf(runId, step))?.denoised;
      return strip ? new Uint8Array(strip.png) : null;
    },
    checkpointSteps: (runId: string) => steps("checkpoints", runId),
    async checkpointHead(runId: string, step: number): Promise<CheckpointHead | null> {
      const head = await withDb((db) =>
        settled(
          store(db, "checkpoints").get([runId, step]) as IDBRequest<CheckpointHead | undefined>,
        ),
      );
      return head ?? null;
    },
    async checkpointBytes(runId: string, step: number): Promise<Uint8Array | null> {
      const range = IDBKeyRange.bound([runId, step, 0], [runId, step, Infinity]);
      const parts = await withDb((db) =>
        settled(store(db, "stateParts").getAll(range) as IDBRequest<StatePartRecord[]>),
      );
      if (!parts || parts.length === 0) return null;
      return new Uint8Array(await new Blob(parts.map(({ bytes }) => bytes)).arrayBuffer());
    },
    async cacheCount(): Promise<number> {
      return (await withDb((db) => settled(store(db, "caches").count()))) ?? 0;
    },
    /** Every cache: rows, bytes that were planned and are stored, and the rate it was last filled at. */
    async caches(): Promise<readonly CacheFigures[]> {
      const all = <T>(from: string) =>
        withDb((db) => settled(store(db, from).getAll() as IDBRequest<T[]>));
      const [caches, shards, settings] = await Promise.all([
        all<CacheRecord>("caches"),
        all<ShardRecord>("shards"),
        all<SettingRecord>("settings"),
      ]);
      return (caches ?? []).map(({ cacheKey, label, rows, rowLength }) => {
        const own = (shards ?? []).filter((shard) => shard.cacheKey === cacheKey);
        const rate = settings?.find(({ key }) => key.startsWith(`rate/${label}/`))?.value;
        return {
          label,
          rows,
          plannedBytes: 2 * rows * rowLength,
          storedBytes: own.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
          rate: rate ?? null,
        };
      });
    },
    /** Every cached shard: its checksum as stored, and whether its bytes still have it. */
    async shardStates() {
      const all =
        (await withDb((db) =>
          settled(store(db, "shards").getAll() as IDBRequest<ShardRecord[]>),
        )) ?? [];
      return Promise.all(
        all.map(async ({ cacheKey, shard, bytes, sha256 }) => {
          const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
          const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
          return { cacheKey, shard, sha256, intact: hex === sha256 };
        }),
      );
    },
    /** Flips a byte of the first shard, as a failing disk would. */
    async damageShard(prefix: string) {
      await withDb(async (db) => {
        const shards = db.transaction("shards", "readwrite").objectStore("shards");
        const all = await settled(shards.getAll() as IDBRequest<ShardRecord[]>);
        const first = all.find(({ cacheKey }) => cacheKey.startsWith(prefix));
        if (!first) throw new Error("no shard is stored");
        const bytes = new Uint8Array(first.bytes);
        bytes[7] = (bytes[7] ?? 0) ^ 0xff;
        await settled(shards.put(first));
      });
    },
  };
}

type Reader = ReturnType<typeof makeReader>;

/** Enough to make a message of, small enough for the browser's string limits. */
const CHUNK_BYTES = 3 * 2 ** 20;

async function bytesOf(handle: JSHandle<Uint8Array | null>): Promise<Buffer | null> {
  const length = await handle.evaluate((bytes) => bytes?.length ?? -1);
  if (length < 0) return null;
  const parts: Buffer[] = [];
  for (let from = 0; from < length; from += CHUNK_BYTES) {
    const base64 = await handle.evaluate(
      (bytes, [first, last]) => {
        const text: string[] = [];
        for (let at = first; at < last; at += 8192) {
          const slice = bytes?.subarray(at, Math.min(at + 8192, last)) ?? [];
          text.push(String.fromCharCode(...slice));
        }
        return btoa(text.join(""));
      },
      [from, Math.min(from + CHUNK_BYTES, length)] as const,
    );
    parts.push(Buffer.from(base64, "base64"));
  }
  return Buffer.concat(parts);
}

/** Reads the database of a page's origin. Make a new one after a reload. */
export async function studioDb(page: Page) {
  const reader: JSHandle<Reader> = await page.evaluateHandle(makeReader, DB_NAME);
  const picture = async (which: "gridPng" | "stripPng", runId: string, step: number) => {
    const at = [which, runId, step] as const;
    return bytesOf(await reader.evaluateHandle((db, [name, id, of]) => db[name](id, of), at));
  };
  return {
    /** All runs, the one that was begun or continued last at the end. */
    runs: () => reader.evaluate((db) => db.runs()),
    log: (runId: string, afterKey: number) =>
      reader.evaluate((db, [id, key]) => db.log(id, key), [runId, afterKey] as const),
    /** The number of logged steps and the last one: a long log takes seconds to be handed over whole. */
    logEnd: (runId: string) =>
      reader.evaluate(async (db, id) => {
        const { points } = await db.log(id, 0);
        return { count: points.length, last: points.at(-1) };
      }, runId),
    /** Imported images; those of a cut import have no hash. */
    datasets: () => reader.evaluate((db) => db.datasets()),
    analyses: () => reader.evaluate((db) => db.analyses()),
    cacheCount: () => reader.evaluate((db) => db.cacheCount()),
    caches: () => reader.evaluate((db) => db.caches()),
    shardStates: () => reader.evaluate((db) => db.shardStates()),
    /** Flips one byte of the first shard of a cache whose key starts with `prefix`. */
    damageShard: (prefix: string) => reader.evaluate((db, key) => db.damageShard(key), prefix),
    gridSteps: (runId: string) => reader.evaluate((db, id) => db.gridSteps(id), runId),
    checkpointSteps: (runId: string) => reader.evaluate((db, id) => db.checkpointSteps(id), runId),
    gridPng: (runId: string, step: number) => picture("gridPng", runId, step),
    /** All that is stored of a grid. */
    async grid(runId: string, step: number): Promise<SampleGrid | undefined> {
      const at = [runId, step] as const;
      const facts = await reader.evaluate((db, [id, of]) => db.gridFacts(id, of), at);
      const png = await picture("gridPng", runId, step);
      if (!facts || !png) return undefined;
      const { strip, ...grid } = facts;
      const stripPng = strip && (await picture("stripPng", runId, step));
      const read = { ...grid, png: new Uint8Array(png).buffer };
      return strip && stripPng
        ? { ...read, denoised: { ...strip, png: new Uint8Array(stripPng).buffer } }
        : read;
    },
    /** The checkpoint's bytes, and the lengths and checksums stored with them. */
    async checkpoint(runId: string, step: number) {
      const at = [runId, step] as const;
      const head = await reader.evaluate((db, [id, of]) => db.checkpointHead(id, of), at);
      const bytes = await bytesOf(
        await reader.evaluateHandle((db, [id, of]) => db.checkpointBytes(id, of), at),
      );
      return bytes === null || head === null ? null : { bytes, parts: head.parts };
    },
  };
}

/** Everything that exports, progress and tests read. */
export type PageDb = Awaited<ReturnType<typeof studioDb>> & StudioReader;
