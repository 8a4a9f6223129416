import { Uint8ArrayReader, ZipWriter } from "@zip.js/zip.js/lib/zip-core-native.js";
import type { z } from "zod";
import { payloadOf, type ReproCard } from "../config/sharedRun";
import { StudioError, type StudioErrorCode } from "../errors/studioError";
import type { StoredPhase } from "../protocol/trainer";
import {
  MANIFEST,
  ManifestDevice,
  MAX_ADAPTER,
  MAX_NAME,
  RESULTS_KIND,
  RESULTS_VERSION,
  type Manifest,
  type ManifestRun,
  type WrittenRun,
} from "./manifest";
import { packMeasurements } from "./measurements";
import { packPoints } from "./points";
import type { RunFacts, RunResults } from "./runResults";

export interface WriteOptions {
  /** With every checkpoint that the run has. */
  readonly checkpoints: boolean;
  /** Version of the program that writes. */
  readonly madeBy: string;
  /** Before each run: its place, from 0. */
  readonly onRun?: (place: number) => void;
  /** What of a run is damaged, so that the file does not have it: "2 rows of the log of Vanilla". */
  readonly onLeftOut?: (what: string) => void;
}

/** Adds a file to the archive, packed or as it is. */
type Add = (file: string, bytes: Uint8Array<ArrayBuffer>, packed: boolean) => Promise<void>;

/** Where a run is written to. */
interface Place {
  /** Of its files. */
  readonly folder: string;
  readonly add: Add;
  readonly leftOut: (what: string) => void;
}

/** The oldest date a zip can say: the same runs make the same bytes. */
const NO_DATE = new Date(1980, 0, 1);
/** Level of what is stored as it is (pictures, float32 weights), and the one level of the platform's own deflate. */
const LEVEL = { stored: 0, packed: 6 } as const;

/** A run that is under way is stopped as far as its file goes. */
const phaseIn = (phase: StoredPhase): ManifestRun["phase"] =>
  phase === "finished" || phase === "failed" ? phase : "stopped";

const padded = (step: number) => String(step).padStart(6, "0");

/** What the manifest says of a fork's origin. */
const writtenParent = ({ change, ...parent }: NonNullable<RunFacts["parent"]>) => ({
  ...parent,
  ...(change && { change: [...change] }),
});

function settingsOf({ experiment, timeline, datasetHash, codeVersion }: RunFacts) {
  const card: ReproCard = { codeVersion, ...(datasetHash === "" ? {} : { datasetHash }) };
  return payloadOf(experiment, { experiment, timeline, card });
}

async function addGrids(
  run: RunResults,
  { folder, add, leftOut }: Place,
): Promise<WrittenRun["grids"]> {
  const grids: WrittenRun["grids"] = [];
  for (const step of run.gridSteps) {
    const grid = await run.grid(step);
    if (!grid) {
      leftOut(`the samples of step ${step}`);
      continue;
    }
    const { png, count, columns, tile, labels, denoised } = grid;
    const file = `${folder}/grids/step-${padded(step)}.png`;
    await add(file, new Uint8Array(png), false);
    const entry = { step, file, count, columns, tile, labels: [...labels] };
    if (!denoised) {
      grids.push(entry);
      continue;
    }
    const strip = `${folder}/grids/step-${padded(step)}-denoised.png`;
    await add(strip, new Uint8Array(denoised.png), false);
    const { tile: side, times } = denoised;
    grids.push({ ...entry, denoised: { file: strip, tile: side, times: [...times] } });
  }
  return grids;
}

/** The bytes of a checkpoint; undefined when they are damaged, or the run went on and dropped it. */
const soundCheckpoint = (run: RunResults, step: number) =>
  run.checkpoint(step).catch((thrown: unknown) => {
    if (thrown instanceof StudioError && DAMAGED.includes(thrown.code)) return undefined;
    throw thrown;
  });
const DAMAGED: readonly StudioErrorCode[] = ["CHECKSUM_MISMATCH", "BAD_CHECKPOINT"];

async function addCheckpoints(
  run: RunResults,
  { folder, add, leftOut }: Place,
): Promise<WrittenRun["checkpoints"]> {
  const checkpoints: WrittenRun["checkpoints"] = [];
  for (const { step, createdAtMs, interim } of run.checkpoints) {
    const bytes = await soundCheckpoint(run, step);
    if (!bytes) {
      leftOut(`the checkpoint of step ${step}`);
      continue;
    }
    const file = `${folder}/checkpoints/step-${padded(step)}.safetensors`;
    await add(file, bytes, false);
    const entry = { step, file, bytes: bytes.length, createdAtMs };
    checkpoints.push(interim ? { ...entry, interim } : entry);
  }
  return checkpoints;
}

async function addRun(
  run: RunResults,
  place: Place,
  withCheckpoints: boolean,
): Promise<WrittenRun> {
  const { folder, add, leftOut } = place;
  const { points, measurements, unreadable = 0 } = await run.log();
  if (unreadable > 0) leftOut(`${unreadable} ${unreadable === 1 ? "row" : "rows"} of the log`);
  const tables: WrittenRun["points"] = [];
  for (const { columns, count, bytes } of packPoints(points)) {
    const file = `${folder}/points-${tables.length + 1}.f64`;
    await add(file, bytes, true);
    tables.push({ file, columns: [...columns], count });
  }
  const lines: WrittenRun["measurements"] = [];
  for (const { count, bytes } of packMeasurements(measurements)) {
    const file = `${folder}/measurements-${lines.length + 1}.jsonl`;
    await add(file, bytes, true);
    lines.push({ file, count });
  }
  const { id, name, createdAtMs, updatedAtMs, phase, step, device } = run.facts;
  const { imageRanges, repeats, parent } = run.facts;
  return {
    ...{ id, createdAtMs, updatedAtMs, phase: phaseIn(phase), step },
    name: name === "" ? "Run" : name.slice(0, MAX_NAME),
    device:
      device && ManifestDevice.parse({ ...device, adapter: device.adapter.slice(0, MAX_ADAPTER) }),
    settings: settingsOf(run.facts),
    ...(imageRanges && { imageRanges: imageRanges.map(([first, last]) => [first, last]) }),
    ...(repeats !== undefined && { repeats }),
    ...(parent && { parent: writtenParent(parent) }),
    points: tables,
    measurements: lines,
    grids: await addGrids(run, place),
    checkpoints: withCheckpoints ? await addCheckpoints(run, place) : [],
  };
}

/**
 * Writes runs as one file of results (docs/result-files.md), piece by piece: of what is large, one piece is in memory at a
 * time.
 * @throws StudioError BAD_RESULTS without a run; what reading the runs throws
 */
export async function writeResults(
  runs: readonly RunResults[],
  to: WritableStream<Uint8Array>,
  { checkpoints, madeBy, onRun, onLeftOut }: WriteOptions,
): Promise<void> {
  if (runs.length === 0) {
    throw new StudioError("BAD_RESULTS", "No run was chosen to be saved.", "Draw a run first.");
  }
  const zip = new ZipWriter(to, {
    ...{ useWebWorkers: false, lastModDate: NO_DATE, extendedTimestamp: false },
  });
  const add: Add = async (file, bytes, packed) => {
    const level = packed ? LEVEL.packed : LEVEL.stored;
    await zip.add(file, new Uint8ArrayReader(bytes), { level });
  };
  const written: WrittenRun[] = [];
  for (const [place, run] of runs.entries()) {
    onRun?.(place);
    const leftOut = (what: string) => onLeftOut?.(`${what} of ${run.facts.name}`);
    const folder = `runs/${place + 1}`;
    written.push(await addRun(run, { folder, add, leftOut }, checkpoints));
  }
  const manifest: z.input<typeof Manifest> = {
    ...{ kind: RESULTS_KIND, version: RESULTS_VERSION, madeBy },
    runs: written,
  };
  // as it is: thousands of grids say the same labels, and an archive's reader doubts what shrinks so well
  const text = new TextEncoder().encode(`${JSON.stringify(manifest, null, 1)}\n`);
  await add(MANIFEST, text, false);
  await zip.close();
}
