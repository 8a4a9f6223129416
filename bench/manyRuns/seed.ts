import type { Page } from "playwright";
import type { Experiment } from "../../src/common/config/experiment";

/** Stored runs to look at: how many, how long, and how many of them figures draw. */
export interface SeededRuns {
  readonly runs: number;
  readonly points: number;
  readonly shown: number;
}

interface Seed extends SeededRuns {
  readonly experiment: Experiment;
}

/**
 * Writes runs as version 5 of the studio's storage kept them: rows of 50 logged steps, and a thinned series. Frozen: a newer
 * studio brings them into its own form when it opens. Runs in the page, so it uses nothing from around it.
 */
async function writeRuns({ runs, points, shown, experiment }: Seed): Promise<void> {
  const plain = { runs: "id", caches: "cacheKey", settings: "key", datasets: "id", weights: "key" };
  const pairs = {
    ...{ shards: ["cacheKey", "shard"], grids: ["runId", "step"], checkpoints: ["runId", "step"] },
    ...{ imageLists: ["datasetId", "shard"], images: ["datasetId", "shard"] },
    ...{ weightChunks: ["weightsKey", "index"], stateParts: ["runId", "step", "part"] },
  };
  const opening = indexedDB.open("repa-studio", 5);
  opening.onupgradeneeded = () => {
    const db = opening.result;
    for (const [store, keyPath] of Object.entries({ ...plain, series: "runId", ...pairs })) {
      db.createObjectStore(store, { keyPath });
    }
    const log = db.createObjectStore("log", { keyPath: "id", autoIncrement: true });
    log.createIndex("byRun", "runId");
    log.createIndex("byRunKind", ["runId", "kind"]);
    const analyses = db.createObjectStore("analyses", { keyPath: "key" });
    analyses.createIndex("byRun", "found.subject.runId");
    const made = opening.transaction?.objectStore("runs");
    made?.createIndex("byCreatedAt", "createdAtMs");
    made?.createIndex("byOrder", "order");
  };
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const db = opening.result;

  /** The same everywhere: a falling loss with noise, and a spike every 9,973 steps. */
  const pointOf = (run: number, step: number) => {
    const noise = Math.sin(step * 12.9898 + run * 78.233) * 43758.5453;
    const jitter = noise - Math.floor(noise) - 0.5;
    const spike = step % 9973 === 0 ? 3 : 0;
    return {
      ...{ step, velocityLoss: 0.6 + 1 / (1 + step / 200) + 0.1 * jitter + run / 1000 + spike },
      ...{ projLoss: -0.7 + 0.7 / (1 + step / 400) + 0.05 * jitter, gradNorm: 1 + jitter },
      ...{ learningRate: 1e-4, stepMs: 20 + 5 * jitter },
    };
  };
  const MOST_POINTS = 1000;
  const stride = 2 ** Math.max(0, Math.ceil(Math.log2(points / MOST_POINTS)));
  for (let run = 0; run < runs; run++) {
    const id = `run-${String(run).padStart(3, "0")}`;
    const tx = db.transaction(["runs", "log", "series"], "readwrite");
    const log = tx.objectStore("log");
    for (let first = 1; first <= points; first += 50) {
      const length = Math.min(50, points - first + 1);
      log.add({
        ...{ runId: id, kind: "steps" },
        points: Array.from({ length }, (_, i) => pointOf(run, first + i)),
      });
    }
    const kept = Array.from({ length: Math.floor(points / stride) }, (_, i) => (i + 1) * stride);
    tx.objectStore("series").put({
      ...{ runId: id, stride },
      points: kept.map((step) => pointOf(run, step)),
    });
    const optimizer = { ...experiment.optimizer, seed: run, steps: points };
    tx.objectStore("runs").put({
      ...{ id, name: `Run ${run}`, experiment: { ...experiment, optimizer }, timeline: [] },
      ...{ createdAtMs: 1000 + run, updatedAtMs: 2000 + run, order: run, phase: "finished" },
      ...{ step: points, device: null, datasetHash: "0", codeVersion: "5" },
      look: { color: run % 16, shown: run >= runs - shown },
    });
    await new Promise((resolve, reject) => {
      tx.oncomplete = resolve;
      tx.onerror = () => reject(tx.error ?? new Error("the runs cannot be written"));
    });
  }
  db.close();
}

/** Fills the profile's database from a page of the studio's origin that has no studio in it. */
export async function seedRuns(page: Page, origin: string, seed: Seed): Promise<void> {
  const empty = { contentType: "text/html", body: "<link rel=icon href=data:,>" };
  await page.route("**/empty", (route) => route.fulfill(empty));
  await page.goto(`${origin}empty`);
  await page.evaluate(writeRuns, seed);
}
