import { toFailure } from "../errors/studioError";
import type { SampleGrid } from "../protocol/trainer";
import { checkpointHeads, putCheckpoint } from "../storage/checkpoints";
import type { Database, RunLook, RunRecord } from "../storage/db";
import { getRun, unhideRun } from "../storage/runs";
import { putWholeRun } from "../storage/wholeRun";
import { badResults } from "./badResults";
import type { FileRun } from "./openResults";
import { contentDigest, type RunLog } from "./runResults";
import { storedResults } from "./storedResults";

/** Of a name; the page's own limit for one that is typed. */
const NAME_LENGTH = 80;
/** All samples of a run are in memory while they are stored: they are stored whole or not at all. */
const MAX_GRID_BYTES = 2 ** 30;
/** Digits of its content's digest that tell a run from another one of its id. */
const DIGEST_DIGITS = 12;

export interface ImportHow {
  /** Name of the file. */
  readonly file: string;
  readonly nowMs: number;
  /** How a run that is stored is shown; asked for once each. */
  readonly look: () => RunLook;
  /** Ids of the file's runs that are stored under others: a fork is stored as one of its parent, wherever that one is. */
  readonly moved?: ReadonlyMap<string, string>;
}

/** What became of a run of a file. */
export interface ImportedRun {
  readonly id: string;
  readonly name: string;
  /** `new`: stored under its id. `beside`: another run has its id, so it has a new one. `here`: the same is stored already. */
  readonly outcome: "new" | "beside" | "here";
  /** Checkpoints that were stored. */
  readonly checkpoints: number;
  /** What was not taken, and why. */
  readonly notes: readonly string[];
}

/** Where a run is to be stored, or the run that it is already. */
export interface Place {
  readonly id: string;
  readonly outcome: ImportedRun["outcome"];
}

/** Looks for a run of a file among those that are stored. Its log is read where there is one of its id. */
export async function placeOf(db: Database, run: FileRun): Promise<Place> {
  const { id } = run.facts;
  const isStored = async (other: string) => (await db.getKey("runs", other)) !== undefined;
  if (!(await isStored(id))) return { id, outcome: "new" };
  const stored = await storedResults(db, id);
  const digest = await contentDigest(run);
  if (stored && (await contentDigest(stored)) === digest) return { id, outcome: "here" };
  // named by its content, so that the same file finds it again
  const beside = `${id}-${digest.slice(0, DIGEST_DIGITS)}`;
  return { id: beside, outcome: (await isStored(beside)) ? "here" : "beside" };
}

async function readGrids(run: FileRun, file: string): Promise<readonly SampleGrid[]> {
  const grids: SampleGrid[] = [];
  let bytes = 0;
  for (const step of run.gridSteps) {
    const grid = await run.grid(step);
    if (!grid) continue;
    bytes += grid.png.byteLength + (grid.denoised?.png.byteLength ?? 0);
    if (bytes > MAX_GRID_BYTES) {
      throw badResults(file, `the samples of one run take more than ${MAX_GRID_BYTES} bytes`);
    }
    grids.push(grid);
  }
  return grids;
}

/** Its record in this database. Facts of a clock that runs ahead do not make it look continued here. */
function recordOf(run: FileRun, id: string, { file, nowMs, look, moved }: ImportHow): RunRecord {
  const { parent } = run.facts;
  const runId = parent && moved?.get(parent.runId);
  return {
    ...run.facts,
    ...(parent && runId !== undefined && { parent: { ...parent, runId } }),
    id,
    name: run.facts.name.slice(0, NAME_LENGTH),
    updatedAtMs: Math.min(run.facts.updatedAtMs, nowMs),
    look: look(),
    imported: { file, atMs: nowMs },
  };
}

/** Stores checkpoints that are not there yet. One that cannot be taken is said, and the run stays. */
async function putCheckpoints(db: Database, id: string, run: FileRun) {
  if (run.checkpoints.length === 0) return { checkpoints: 0, notes: [] };
  if (run.issues.length > 0) {
    return {
      checkpoints: 0,
      notes: ["its settings cannot all be read, so its checkpoint is left out"],
    };
  }
  const stored = new Set((await checkpointHeads(db, id)).map(({ step }) => step));
  const notes: string[] = [];
  let checkpoints = 0;
  for (const { step, createdAtMs, interim } of run.checkpoints) {
    if (stored.has(step)) continue;
    try {
      const { buffer } = await run.checkpoint(step);
      await putCheckpoint(db, id, step, buffer, { nowMs: createdAtMs, interim: interim ?? false });
      checkpoints++;
    } catch (thrown) {
      notes.push(`the checkpoint of step ${step} is left out (${toFailure(thrown).message})`);
    }
  }
  return { checkpoints, notes };
}

/** A run that is stored already is brought back if it was deleted, and gets checkpoints if it has none. */
async function takeKnown(db: Database, id: string, run: FileRun): Promise<ImportedRun> {
  const known = await getRun(db, id);
  if (known?.deletedAtMs !== undefined) await unhideRun(db, id);
  const name = known?.name ?? run.facts.name;
  const heads = await checkpointHeads(db, id);
  const added =
    heads.length === 0 ? await putCheckpoints(db, id, run) : { checkpoints: 0, notes: [] };
  return { id, name, outcome: "here", ...added };
}

/**
 * Stores a run of a file at its place. Its log and samples are checked before any of it is stored, and stored whole or not at
 * all; checkpoints follow one by one.
 * @throws StudioError BAD_RESULTS when something in it is damaged; QUOTA_EXCEEDED, STORAGE_FAILED
 */
export async function importRun(
  db: Database,
  run: FileRun,
  { id, outcome }: Place,
  how: ImportHow,
): Promise<ImportedRun> {
  if (outcome === "here") return takeKnown(db, id, run);
  const log: RunLog = await run.log();
  const record = recordOf(run, id, how);
  await putWholeRun(db, { record, ...log, grids: await readGrids(run, how.file) });
  const stored = await putCheckpoints(db, id, run);
  const issues = run.issues.map(({ path, message }) => `${path}: ${message}`);
  return {
    ...{ id, name: record.name, outcome, checkpoints: stored.checkpoints },
    notes: [...issues, ...stored.notes],
  };
}
