import { createHash } from "node:crypto";
import { namesOf } from "../../src/common/math/records";
import { measurementKey } from "../../src/common/protocol/measurementSeries";
import type { Measurement, StepPoint } from "../../src/common/protocol/trainer";
import type { PageDb } from "../headless/pageDb";

/** Everything stored of a finished run that must not depend on how often it was cut. Step times do, and are zero here. */
export interface StoredFacts {
  readonly points: readonly StepPoint[];
  readonly measurements: readonly Measurement[];
  /** Step and SHA-256 of each grid's PNG. */
  readonly grids: readonly string[];
  /** Step and SHA-256 of the newest checkpoint: parameters, averages, moments, timeline. */
  readonly checkpoint: string;
  /** The results of its analysis. */
  readonly analyses: readonly string[];
  /** Name, images and hash of each imported data set. */
  readonly datasets: readonly string[];
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const byStep = (a: { readonly step: number }, b: { readonly step: number }) => a.step - b.step;

export async function storedFacts(db: PageDb, runId: string): Promise<StoredFacts> {
  const logged = await db.log(runId, 0);
  // steps logged again after a cut are equal, and so they must be compared: the newest of each counts on the page
  const points = new Map(logged.points.map((point) => [point.step, { ...point, stepMs: 0 }]));
  const measured = new Map(logged.measurements.map((one) => [measurementKey(one), one]));
  const grids = (await db.gridSteps(runId)).map(async (step) => {
    const png = await db.gridPng(runId, step);
    return `${step} ${png ? sha256(png) : "missing"}`;
  });
  const step = (await db.checkpointSteps(runId)).at(-1) ?? 0;
  const checkpoint = await db.checkpoint(runId, step);
  const analyses = (await db.analyses()).map(({ found: { result } }) => JSON.stringify(result));
  return {
    points: [...points.values()].sort(byStep),
    measurements: [...measured.values()].sort(
      (a, b) => byStep(a, b) || measurementKey(a).localeCompare(measurementKey(b)),
    ),
    grids: await Promise.all(grids),
    checkpoint: `${step} ${checkpoint ? sha256(checkpoint.bytes) : "missing"}`,
    analyses: analyses.sort(),
    datasets: (await db.datasets()).map((one) => JSON.stringify(one)).sort(),
  };
}

/** How much of a run is on the disk at one moment. */
export interface Kept {
  readonly runId: string;
  readonly steps: number;
  readonly measurements: number;
  readonly grids: number;
  /** The newest one's step; 0 for none. */
  readonly checkpoint: number;
  readonly analyses: number;
}

/** What is stored of the newest run; null when there is none. */
export async function keptNow(db: PageDb): Promise<Kept | null> {
  const run = (await db.runs()).at(-1);
  if (!run) return null;
  const { points, measurements } = await db.log(run.id, 0);
  return {
    runId: run.id,
    steps: new Set(points.map(({ step }) => step)).size,
    measurements: new Set(measurements.map(measurementKey)).size,
    grids: (await db.gridSteps(run.id)).length,
    checkpoint: (await db.checkpointSteps(run.id)).at(-1) ?? 0,
    analyses: (await db.analyses()).length,
  };
}

/** What was there before a kill and is not after it. */
export function lost(before: Kept, after: Kept | null): string[] {
  if (after?.runId !== before.runId) return ["the run"];
  const parts = ["steps", "measurements", "grids", "checkpoint", "analyses"] as const;
  return parts.flatMap((part) =>
    after[part] < before[part] ? [`${part}: ${after[part]} of ${before[part]}`] : [],
  );
}

/** The parts in which two runs differ, and how. */
export function differences(expected: StoredFacts, found: StoredFacts): string[] {
  const parts = namesOf<keyof StoredFacts>(expected);
  return parts.flatMap((part) => {
    const [want, got] = [expected[part], found[part]].map((value) => JSON.stringify(value));
    if (want === got) return [];
    const [n, m] = [expected[part].length, found[part].length];
    return `${part}: ${m} instead of ${n}, first difference at character ${firstDifference(want, got)}`;
  });
}

function firstDifference(a = "", b = ""): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}
