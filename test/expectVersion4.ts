import { expect } from "vitest";
import type { Database } from "../src/common/storage/db";
import { checkpointHeads, readCheckpointOf } from "../src/common/storage/checkpoints";
import { listRuns, readRun, readSeries } from "../src/common/storage/runs";
import { pointsOf } from "../src/common/storage/stepRows";
import {
  alignmentOf,
  checkpointOf,
  checkpointSteps,
  gridOf,
  pointOf,
  type Version4,
} from "./databaseVersion4";

/** Fails where anything of a database of version 4 does not open, bit for bit, after the upgrade. */
export async function expectVersion4(db: Database, made: Version4): Promise<void> {
  const { runs, stepsPerRun, checkpointBytes } = made;
  const listed = await listRuns(db);
  expect(listed.map(({ id }) => id)).toEqual(
    Array.from({ length: runs }, (_, i) => `run-${runs - 1 - i}`),
  );
  for (let run = 0; run < runs; run++) {
    const runId = `run-${run}`;
    const stored = await readRun(db, runId);
    expect(pointsOf(stored?.steps ?? [])).toEqual(
      Array.from({ length: stepsPerRun }, (_, i) => pointOf(run, i + 1)),
    );
    expect(stored?.measurements[0]).toEqual(alignmentOf(1));
    expect(new Uint8Array(stored?.grids[0]?.png ?? [])).toEqual(new Uint8Array(gridOf(run)));
    const { stride, points } = await readSeries(db, runId);
    expect(points).toHaveLength(Math.floor(stepsPerRun / stride));
    const heads = await checkpointHeads(db, runId);
    expect(heads.map(({ step }) => step)).toEqual(checkpointSteps(stepsPerRun));
    for (const { step, bytes } of heads) {
      expect(bytes).toBe(checkpointBytes);
      const found = new Uint8Array((await readCheckpointOf(db, runId, step)).bytes);
      const written = new Uint8Array(checkpointOf(run, step, checkpointBytes));
      expect(found.every((byte, at) => byte === written[at]) && found.length).toBe(checkpointBytes);
    }
  }
}
