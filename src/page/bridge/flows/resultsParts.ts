import { StudioError } from "../../../common/errors/studioError";
import { blobSource } from "../../../common/formats/byteSource";
import {
  importRun,
  placeOf,
  type ImportedRun,
  type Place,
} from "../../../common/resultFiles/importRun";
import { openResults, type FileRun } from "../../../common/resultFiles/openResults";
import type { RunResults } from "../../../common/resultFiles/runResults";
import { storedResults } from "../../../common/resultFiles/storedResults";
import { writeResults, type WriteOptions } from "../../../common/resultFiles/writeResults";
import type { Database, RunLook } from "../../../common/storage/db";

/** What reads and writes files of results, with the zip library: fetched when the first is saved or opened. */

/**
 * Stored runs as one file, made piece by piece: the browser may keep what is done on the disk.
 * @throws StudioError STORAGE_FAILED where a run is gone; what reading it throws
 */
export async function saveRuns(
  db: Database,
  runIds: readonly string[],
  options: WriteOptions,
): Promise<Blob> {
  const runs: RunResults[] = [];
  for (const runId of runIds) {
    const run = await storedResults(db, runId);
    if (run) runs.push(run);
    else {
      throw new StudioError(
        "STORAGE_FAILED",
        `The run ${runId} is no longer stored here.`,
        "It was deleted, perhaps in another tab: reload the page to see what there is.",
      );
    }
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>();
  const headers = { "Content-Type": "application/zip" };
  const blob = new Response(readable, { headers }).blob();
  await Promise.all([writeResults(runs, writable, options), blob]);
  return blob;
}

interface OpenHow {
  readonly nowMs: number;
  readonly look: () => RunLook;
  /** Before a run is looked for: a deletion of it that can be undone is undone. */
  readonly keep: (runId: string) => Promise<void>;
  /** What the file holds, before the first run is stored. */
  readonly onFile: (runs: number, notes: readonly string[]) => void;
  readonly onRun: (run: ImportedRun) => void;
}

/**
 * Stores the runs of a file, those that stand first in it last: lists have the newest on top.
 * @throws StudioError BAD_RESULTS, QUOTA_EXCEEDED, STORAGE_FAILED; runs that were told by then are stored
 */
export async function openRuns(
  db: Database,
  file: File,
  { nowMs, look, keep, onFile, onRun }: OpenHow,
): Promise<void> {
  const { runs, notes } = await openResults(blobSource(file.name, file));
  onFile(runs.length, notes);
  // where each goes is known before the first is stored: a fork's parent may come after it
  const placed: { readonly run: FileRun; readonly place: Place }[] = [];
  for (const run of [...runs].reverse()) {
    await keep(run.facts.id);
    placed.push({ run, place: await placeOf(db, run) });
  }
  const moved = new Map(placed.map(({ run, place }) => [run.facts.id, place.id]));
  for (const { run, place } of placed) {
    onRun(await importRun(db, run, place, { file: file.name, nowMs, look, moved }));
  }
}
