import { sha256Hex } from "../formats/sha256";
import type { Measurement, SampleGrid, StepPoint } from "../protocol/trainer";
import type { CheckpointHead, RunRecord } from "../storage/db";
import { inOrder } from "./measurements";
import { canonicalJson } from "./numberText";
import { packPoints } from "./points";

/** What a run is, without how a page shows it. */
export type RunFacts = Omit<RunRecord, "order" | "pinned" | "look" | "deletedAtMs" | "imported">;

/** Everything logged for a run, by step: of what was logged twice, the newest. */
export interface RunLog {
  readonly points: readonly StepPoint[];
  readonly measurements: readonly Measurement[];
  /** Rows that are damaged and left out. Absent: none. */
  readonly unreadable?: number;
}

/** What is known of a checkpoint without its bytes. */
export type CheckpointFacts = Pick<CheckpointHead, "step" | "createdAtMs" | "interim">;

/**
 * A run's results wherever they lie: in a database, in a file, in a page that a script looks into. What is large is read
 * when it is asked for, one piece at a time.
 */
export interface RunResults {
  readonly facts: RunFacts;
  readonly log: () => Promise<RunLog>;
  /** Ascending. */
  readonly gridSteps: readonly number[];
  /** Undefined when it cannot be read. */
  readonly grid: (step: number) => Promise<SampleGrid | undefined>;
  /** By step, ascending. */
  readonly checkpoints: readonly CheckpointFacts[];
  readonly checkpoint: (step: number) => Promise<Uint8Array<ArrayBuffer>>;
}

async function gridDigest(grid: SampleGrid): Promise<string> {
  const { step, png, count, columns, tile, labels, denoised } = grid;
  const strip = denoised && { ...denoised, png: await sha256Hex(denoised.png) };
  return canonicalJson({ step, png: await sha256Hex(png), count, columns, tile, labels, strip });
}

/**
 * Names what a run found: two runs of one name have the same settings, images, log and samples, to the bit. What a person
 * may change (its name), when it was trained and its checkpoints are not in it.
 */
export async function contentDigest(run: RunResults): Promise<string> {
  const { experiment, timeline, datasetHash } = run.facts;
  const { points, measurements } = await run.log();
  const parts = [canonicalJson({ experiment, timeline, datasetHash })];
  for (const { columns, bytes } of packPoints(points)) {
    parts.push(columns.join(), await sha256Hex(bytes));
  }
  parts.push(...inOrder(measurements).map(canonicalJson));
  for (const step of run.gridSteps) {
    const grid = await run.grid(step);
    if (grid) parts.push(await gridDigest(grid));
  }
  return sha256Hex(new TextEncoder().encode(parts.join("\n")));
}
