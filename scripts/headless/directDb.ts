import type { Database } from "../../src/common/storage/db";
import { listRuns, readGrid, storedSteps } from "../../src/common/storage/runs";
import type { CacheFigures, StudioReader } from "./studioReader";

/** Of every cache; its shards are read one after the other, as together they may be large. */
async function cacheFigures(db: Database): Promise<CacheFigures[]> {
  const settings = await db.getAll("settings");
  const storedBytes = new Map<string, number>();
  for (const key of await db.getAllKeys("shards")) {
    const bytes = (await db.get("shards", key))?.bytes.byteLength ?? 0;
    storedBytes.set(key[0], (storedBytes.get(key[0]) ?? 0) + bytes);
  }
  return (await db.getAll("caches")).map(({ cacheKey, label, rows, rowLength }) => ({
    label,
    rows,
    plannedBytes: 2 * rows * rowLength,
    storedBytes: storedBytes.get(cacheKey) ?? 0,
    rate: settings.find(({ key }) => key.startsWith(`rate/${label}/`))?.value ?? null,
  }));
}

/** Reads the database of this process. */
export const directDb = (db: Database): StudioReader => ({
  runs: async () => (await listRuns(db)).reverse(),
  caches: () => cacheFigures(db),
  gridSteps: (runId) => storedSteps(db, "grids", runId),
  gridPng: async (runId, step) => {
    const grid = await db.get("grids", [runId, step]);
    return grid ? new Uint8Array(grid.png) : null;
  },
  grid: (runId, step) => readGrid(db, runId, step),
  checkpointSteps: (runId) => storedSteps(db, "checkpoints", runId),
  checkpoint: async (runId, step) => {
    const head = await db.get("checkpoints", [runId, step]);
    if (!head) return null;
    const range = IDBKeyRange.bound([runId, step, 0], [runId, step, Infinity]);
    const parts = await db.getAll("stateParts", range);
    const bytes = Buffer.concat(parts.map((part) => new Uint8Array(part.bytes)));
    return { bytes, parts: head.parts };
  },
});
