import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeLink } from "../../src/common/config/urlCodec";
import { StudioError } from "../../src/common/errors/studioError";
import type { RunRecord } from "../../src/common/storage/db";
import { readerResults } from "../resultFiles/readerResults";
import { writeResultsFile } from "../resultFiles/writeFile";
import type { HeadlessOptions } from "./options";
import { finalFigures, lastMeasurements, metricsJsonl, type RunLog } from "./runLog";
import type { StudioReader } from "./studioReader";

/** Where `npm start` serves the page unless told otherwise. */
const DEFAULT_PAGE = "http://localhost:4173/";

/** The address that restores this run: its experiment, its timeline, its repro card. */
export const shareUrl = ({ experiment, timeline, datasetHash, codeVersion }: RunRecord): string =>
  DEFAULT_PAGE + encodeLink({ experiment, timeline, card: { datasetHash, codeVersion } });

const stepName = (step: number) => `step-${String(step).padStart(6, "0")}.png`;

async function exportGrids(db: StudioReader, runId: string, folder: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  const steps = await db.gridSteps(runId);
  for (const step of steps) {
    const png = await db.gridPng(runId, step);
    if (png) await writeFile(join(folder, stepName(step)), png);
  }
  return steps.length;
}

const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** @throws StudioError CHECKSUM_MISMATCH when the bytes that arrived are not those that were stored */
async function exportCheckpoint(db: StudioReader, runId: string, path: string) {
  const step = (await db.checkpointSteps(runId)).at(-1);
  const found = step === undefined ? null : await db.checkpoint(runId, step);
  if (step === undefined || found === null) return null;
  let at = 0;
  for (const [part, { bytes, sha256 }] of found.parts.entries()) {
    const arrived = sha256Of(found.bytes.subarray(at, at + bytes));
    at += bytes;
    if (arrived === sha256) continue;
    throw new StudioError(
      "CHECKSUM_MISMATCH",
      `Part ${part + 1} of ${found.parts.length} of the checkpoint of step ${step} has SHA-256 ${arrived}; ${sha256} was stored.`,
      "Run the same command again: an older checkpoint is used.",
    );
  }
  await writeFile(path, found.bytes);
  return { step, bytes: found.bytes.length, sha256: sha256Of(found.bytes) };
}

/** Writes everything a run left behind into `options.out`, and its file of results; returns what summary.json says. */
export async function exportRun(
  db: StudioReader,
  record: RunRecord,
  log: RunLog,
  options: HeadlessOptions,
  seconds: number,
) {
  const at = (name: string) => join(options.out, name);
  await mkdir(options.out, { recursive: true });
  await writeFile(at("metrics.jsonl"), metricsJsonl(log));
  await writeFile(at("share-url.txt"), `${shareUrl(record)}\n`);
  const grids = await exportGrids(db, record.id, at("grids"));
  const checkpoint = await exportCheckpoint(db, record.id, at("checkpoint.safetensors"));
  const summary = {
    command: options.command,
    phase: record.phase,
    steps: log.points().at(-1)?.step ?? 0,
    seconds,
    device: record.device,
    final: finalFigures(log.points()),
    lastMeasurements: lastMeasurements(log.measurements()),
    grids,
    checkpoint,
    caches: await db.caches(),
    datasetHash: record.datasetHash,
    codeVersion: record.codeVersion,
    experiment: record.experiment,
    timeline: record.timeline,
  };
  await writeFile(at("summary.json"), `${JSON.stringify(summary, null, 2)}\n`);
  if (options.results !== null) {
    await writeResultsFile(options.results, [await readerResults(db, record, log)], {
      ...{ checkpoints: options.withCheckpoint, madeBy: `REPA Studio ${record.codeVersion}` },
    });
  }
  return summary;
}
