import { openDB } from "idb";

/**
 * A database as version 4 of the studio's storage made it. The code is frozen: it must not follow what storage does now.
 */

export interface Version4 {
  readonly runs: number;
  readonly stepsPerRun: number;
  readonly checkpointBytes: number;
}

const pattern = (length: number, seed: number) => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + seed * 17) & 0xff;
  return bytes.buffer;
};

const hex = async (bytes: ArrayBuffer) =>
  [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

export const pointOf = (run: number, step: number) => ({
  step,
  velocityLoss: run + 1 / step,
  projLoss: -step / 1000,
  gradNorm: 1,
  stepMs: 12,
});

export const alignmentOf = (step: number) => ({
  kind: "layerAlignment" as const,
  ...{ step, encoder: "tiny-vit", imageCount: 16, k: 4, time: 0.5 },
  ...{ cknna: [0.25], cka: [0.5], mutualKnn: [0.75], chance: 0 },
});

/** Steps of a run's three checkpoints. */
export const checkpointSteps = (stepsPerRun: number) => [
  stepsPerRun - 2,
  stepsPerRun - 1,
  stepsPerRun,
];

export const checkpointOf = (run: number, step: number, bytes: number) =>
  pattern(bytes, 100 * run + step);

export const gridOf = (run: number) => pattern(3000, run);

async function openVersion4(name: string) {
  return openDB(name, 4, {
    upgrade(db) {
      db.createObjectStore("caches", { keyPath: "cacheKey" });
      db.createObjectStore("shards", { keyPath: ["cacheKey", "shard"] });
      db.createObjectStore("runs", { keyPath: "id" }).createIndex("byCreatedAt", "createdAtMs");
      const log = db.createObjectStore("log", { keyPath: "id", autoIncrement: true });
      log.createIndex("byRun", "runId");
      db.createObjectStore("grids", { keyPath: ["runId", "step"] });
      db.createObjectStore("checkpoints", { keyPath: ["runId", "step"] });
      db.createObjectStore("settings", { keyPath: "key" });
      db.createObjectStore("datasets", { keyPath: "id" });
      db.createObjectStore("imageLists", { keyPath: ["datasetId", "shard"] });
      db.createObjectStore("images", { keyPath: ["datasetId", "shard"] });
      db.createObjectStore("weights", { keyPath: "key" });
      db.createObjectStore("weightChunks", { keyPath: ["weightsKey", "index"] });
      const analyses = db.createObjectStore("analyses", { keyPath: "key" });
      analyses.createIndex("byRun", "found.subject.runId");
    },
  });
}

/** Runs are named run-0 and so on, oldest first; their records are those of version 4. */
export async function makeVersion4(
  name: string,
  experiment: unknown,
  { runs, stepsPerRun, checkpointBytes }: Version4,
): Promise<void> {
  const db = await openVersion4(name);
  for (let run = 0; run < runs; run++) {
    const runId = `run-${run}`;
    await db.put("runs", {
      ...{ id: runId, name: `Run ${run}`, experiment },
      ...{ timeline: [], createdAtMs: 1000 + run, updatedAtMs: 2000 + run, phase: "stopped" },
      ...{ step: stepsPerRun, device: null, datasetHash: "0", codeVersion: "4" },
    });
    const log = db.transaction("log", "readwrite");
    for (let first = 1; first <= stepsPerRun; first += 50) {
      const length = Math.min(50, stepsPerRun - first + 1);
      const points = Array.from({ length }, (_, i) => pointOf(run, first + i));
      void log.store.add({ runId, kind: "steps", points });
      void log.store.add({ runId, kind: "measurement", measurement: alignmentOf(first) });
    }
    await log.done;
    await db.put("grids", {
      ...{ runId, step: stepsPerRun, png: gridOf(run), count: 1, columns: 1, tile: 1, labels: [0] },
    });
    for (const step of checkpointSteps(stepsPerRun)) {
      const bytes = checkpointOf(run, step, checkpointBytes);
      const sha256 = await hex(bytes);
      await db.put("checkpoints", { runId, step, bytes, sha256, createdAtMs: step });
    }
  }
  db.close();
}

/** Writes records as they are, into a database of version 4. */
export async function putVersion4(name: string, store: string, records: readonly unknown[]) {
  const db = await openVersion4(name);
  for (const record of records) await db.put(store, record);
  db.close();
}
