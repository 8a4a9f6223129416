import type { ByteSource } from "../formats/byteSource";
import { readShared, type SharedRun } from "../config/sharedRun";
import type { ConfigIssue } from "../config/validate";
import { StudioError } from "../errors/studioError";
import { pngSize } from "../formats/png";
import { parseSafetensorsHeader } from "../formats/safetensors";
import { measurementKey } from "../protocol/measurementSeries";
import type { DeviceReport } from "../protocol/shared";
import type { Measurement, SampleGrid, StepPoint } from "../protocol/trainer";
import { MOST_CHECKPOINT_BYTES } from "../storage/checkpoints";
import { openArchive, readFile, type Archive } from "./archive";
import { badResults } from "./badResults";
import {
  filesOf,
  Manifest,
  MANIFEST,
  MAX_NUMBERS,
  RESULTS_KIND,
  RESULTS_VERSION,
  type ManifestRun,
} from "./manifest";
import { unpackMeasurements } from "./measurements";
import { pointsBytes, unpackPoints } from "./points";
import type { RunFacts, RunLog, RunResults } from "./runResults";

/** Limits of a file of results. What a run may hold besides is in its manifest's schema. */
const MAX_MANIFEST_BYTES = 64 * 2 ** 20;
/** All lines of a run. */
const MAX_LINES_BYTES = 256 * 2 ** 20;
const MAX_PICTURE_BYTES = 256 * 2 ** 20;
const MAX_CHANGES = 100_000;

/** A run of a file of results. */
export interface FileRun extends RunResults {
  /** Settings that were not taken as they are written: defaults stand in their place. */
  readonly issues: readonly ConfigIssue[];
}

/** What a file of results holds; its runs' contents are read, and checked, when they are asked for. */
export interface ResultsFile {
  readonly madeBy: string;
  readonly runs: readonly FileRun[];
  /** What of it is not read. */
  readonly notes: readonly string[];
}

const issueText = ({ path, message }: { path: readonly PropertyKey[]; message: string }) =>
  `${path.length > 0 ? path.map(String).join(".") : "the whole"}: ${message}`.slice(0, 400);

/** What a manifest says it is, before the rest of it is looked at. */
function checkVersion(name: string, written: unknown): void {
  const head: { readonly kind?: unknown; readonly version?: unknown } =
    typeof written === "object" && written !== null ? written : {};
  if (head.kind !== RESULTS_KIND) {
    throw badResults(name, `its ${MANIFEST} does not say that it is "${RESULTS_KIND}"`);
  }
  if (typeof head.version === "number" && head.version > RESULTS_VERSION) {
    throw badResults(
      name,
      `a newer studio wrote it (format ${head.version}; this one reads ${RESULTS_VERSION})`,
    );
  }
}

/** @throws StudioError BAD_RESULTS that names what is wrong */
async function readManifest(archive: Archive): Promise<Manifest> {
  const { name, entries } = archive;
  if (!entries.has(MANIFEST)) {
    throw badResults(name, `it has no ${MANIFEST}, so it is no file of results`);
  }
  const bytes = await readFile(archive, MANIFEST, MAX_MANIFEST_BYTES);
  let written: unknown;
  try {
    written = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw badResults(name, `its ${MANIFEST} is no JSON`, cause);
  }
  checkVersion(name, written);
  const parsed = Manifest.safeParse(written);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw badResults(name, `${MANIFEST}, ${issue ? issueText(issue) : "?"}`, parsed.error);
}

/** Every file is named once: a small one named often would fill a database. */
function checkNames({ name, entries }: Archive, { runs }: Manifest): readonly string[] {
  const named = new Set([MANIFEST]);
  const runIds = new Set<string>();
  for (const run of runs) {
    if (runIds.has(run.id)) throw badResults(name, `two of its runs have the id ${run.id}`);
    runIds.add(run.id);
    for (const file of filesOf(run)) {
      if (named.has(file)) throw badResults(name, `it names the file "${file}" twice`);
      if (!entries.has(file)) {
        throw badResults(name, `it names the file "${file}", which is not in it`);
      }
      named.add(file);
    }
  }
  const others = [...entries.keys()].filter((file) => !named.has(file));
  const [first] = others;
  if (first === undefined) return [];
  const count = others.length === 1 ? "One file" : `${others.length} files`;
  return [`${count} in it that no run names: "${first.slice(0, 200)}".`];
}

/** Steps of a log: whole, none negative, ascending. */
function checkSteps(name: string, points: readonly StepPoint[]): void {
  let last = -1;
  for (const { step } of points) {
    if (!Number.isSafeInteger(step) || step <= last) {
      throw badResults(name, `step ${step} of a log comes after step ${last}`);
    }
    last = step;
  }
}

async function readPoints(archive: Archive, run: ManifestRun): Promise<StepPoint[]> {
  const { name } = archive;
  const numbers = run.points.reduce((sum, { columns, count }) => sum + columns.length * count, 0);
  if (numbers > MAX_NUMBERS) {
    throw badResults(name, `a log has ${numbers} numbers; at most ${MAX_NUMBERS} are read`);
  }
  const points: StepPoint[] = [];
  for (const table of run.points) {
    const expected = pointsBytes(table);
    const bytes = await readFile(archive, table.file, expected);
    if (bytes.length !== expected) {
      throw badResults(name, `"${table.file}" has ${bytes.length} bytes in place of ${expected}`);
    }
    for (const point of unpackPoints({ ...table, bytes })) points.push(point);
  }
  checkSteps(name, points);
  return points;
}

/** Of what is measured twice, the last. */
async function readMeasurements(archive: Archive, run: ManifestRun): Promise<Measurement[]> {
  const measurements = new Map<string, Measurement>();
  let left = MAX_LINES_BYTES;
  for (const { file, count } of run.measurements) {
    const bytes = await readFile(archive, file, left);
    left -= bytes.length;
    const lines = linesOf(archive.name, file, bytes);
    if (lines.length !== count) {
      throw badResults(archive.name, `"${file}" has ${lines.length} lines in place of ${count}`);
    }
    for (const line of lines) measurements.set(measurementKey(line), line);
  }
  return [...measurements.values()].sort((a, b) => a.step - b.step);
}

function linesOf(name: string, file: string, bytes: Uint8Array): readonly Measurement[] {
  try {
    return unpackMeasurements(bytes);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw badResults(name, `"${file}": ${why}`, thrown);
  }
}

const readLog = async (archive: Archive, run: ManifestRun): Promise<RunLog> => ({
  points: await readPoints(archive, run),
  measurements: await readMeasurements(archive, run),
});

/** A PNG of that size, by its header. @throws StudioError BAD_RESULTS */
async function readPicture(archive: Archive, file: string, width: number, height: number) {
  const bytes = await readFile(archive, file, MAX_PICTURE_BYTES);
  const size = pngSize(bytes);
  const is = size ? `${size.width} x ${size.height} px` : "no PNG";
  if (size?.width !== width || size.height !== height) {
    throw badResults(archive.name, `"${file}" is ${is} in place of ${width} x ${height} px`);
  }
  return bytes.buffer;
}

async function readGrid(archive: Archive, grid: ManifestRun["grids"][number]): Promise<SampleGrid> {
  const { step, file, count, columns, tile, labels, denoised } = grid;
  const rows = Math.ceil(count / columns);
  const png = await readPicture(archive, file, columns * tile, rows * tile);
  const read = { step, png, count, columns, tile, labels };
  if (!denoised) return read;
  const { file: strip, tile: side, times } = denoised;
  const width = (times.length + 1) * side;
  return {
    ...read,
    denoised: { png: await readPicture(archive, strip, width, side), tile: side, times },
  };
}

/** @throws StudioError BAD_RESULTS when it is not as long as it is said to be; BAD_SAFETENSORS */
async function readCheckpoint(archive: Archive, checkpoint: ManifestRun["checkpoints"][number]) {
  const { file, bytes: expected } = checkpoint;
  const bytes = await readFile(archive, file, Math.min(expected, MOST_CHECKPOINT_BYTES));
  if (bytes.length !== expected) {
    throw badResults(archive.name, `"${file}" has ${bytes.length} bytes in place of ${expected}`);
  }
  parseSafetensorsHeader(bytes, bytes.length);
  return bytes;
}

function deviceOf({ tile, ...device }: NonNullable<ManifestRun["device"]>): DeviceReport {
  return { ...device, ...(tile !== undefined && { tile }) };
}

function factsOf(run: ManifestRun, { experiment, timeline, card }: SharedRun): RunFacts {
  const { id, name, createdAtMs, updatedAtMs, phase, step, device } = run;
  const { imageRanges, repeats, parent } = run;
  return {
    ...{ id, name, experiment, timeline, createdAtMs, updatedAtMs, phase, step },
    device: device && deviceOf(device),
    datasetHash: card.datasetHash ?? "",
    codeVersion: card.codeVersion ?? "",
    ...(imageRanges && { imageRanges }),
    ...(repeats !== undefined && { repeats }),
    ...(parent && { parent }),
  };
}

function fileRun(archive: Archive, run: ManifestRun): FileRun {
  const shared = readShared(run.settings, { what: "file", maxChanges: MAX_CHANGES });
  if (!shared) throw badResults(archive.name, `the settings of run ${run.id} name no version`);
  const grids = new Map(run.grids.map((grid) => [grid.step, grid]));
  const checkpoints = new Map(run.checkpoints.map((head) => [head.step, head]));
  return {
    facts: factsOf(run, shared),
    issues: shared.issues,
    log: () => readLog(archive, run),
    gridSteps: [...grids.keys()],
    grid: async (step) => {
      const grid = grids.get(step);
      return grid && readGrid(archive, grid);
    },
    checkpoints: run.checkpoints.map(({ step, createdAtMs, interim }) => ({
      ...{ step, createdAtMs },
      ...(interim && { interim }),
    })),
    checkpoint: async (step) => {
      const head = checkpoints.get(step);
      if (!head) throw badResults(archive.name, `it has no checkpoint of step ${step}`);
      return readCheckpoint(archive, head);
    },
  };
}

/** Whether an archive is a file of results, sound or not: another one may be of images. */
export async function holdsResults(source: ByteSource): Promise<boolean> {
  try {
    const archive = await openArchive(source);
    if (!archive.entries.has(MANIFEST)) return false;
    const bytes = await readFile(archive, MANIFEST, MAX_MANIFEST_BYTES);
    return new TextDecoder().decode(bytes).includes(`"${RESULTS_KIND}"`);
  } catch (thrown) {
    if (thrown instanceof StudioError) return false;
    throw thrown;
  }
}

/**
 * Opens a file of results. Nothing in it is believed: sizes, names and versions are checked here, and what a run holds
 * where it is read.
 * @throws StudioError BAD_RESULTS that names what is wrong
 */
export async function openResults(source: ByteSource): Promise<ResultsFile> {
  const archive = await openArchive(source);
  const manifest = await readManifest(archive);
  const notes = checkNames(archive, manifest);
  const runs = manifest.runs.map((run) => fileRun(archive, run));
  return { madeBy: manifest.madeBy ?? "", runs, notes };
}
