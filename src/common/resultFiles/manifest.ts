import { z } from "zod";
import { STEP_METRICS } from "../catalogue/liveMetrics";
import { ForkedSetting } from "../config/forks";

/**
 * What the manifest of a file of results says. docs/result-files.md explains it, docs/result-files/manifest.schema.json is
 * this schema as JSON Schema. A field that is not here is refused: a later version of the format has a larger number.
 */

/** Says what the file is, to people and to `openResults`. */
export const RESULTS_KIND = "repa-studio-results";
export const RESULTS_VERSION = 1;
export const MANIFEST = "manifest.json";

/** Columns that every list of points has. */
export const NEEDED_COLUMNS: readonly string[] = [
  "step",
  "stepMs",
  ...STEP_METRICS.filter(({ later }) => !later).map(({ id }) => id),
];

/** Far above any real run. They keep a file of a few bytes from asking for all memory. */
const MAX_RUNS = 1000;
const MAX_STEP = 1_000_000_000;
const MAX_PARTS = 10_000;
const MAX_PART_POINTS = 1_000_000;
/** Of a run's log: four million points of five columns. */
export const MAX_NUMBERS = 20_000_000;
const MAX_GRIDS = 20_000;
const MAX_CHANGED = 200;
const MAX_TILES = 65_536;
const MAX_SIDE = 16_384;
const MAX_CHECKPOINTS = 1000;
/** Characters. */
export const MAX_NAME = 200;
export const MAX_ADAPTER = 500;

const step = z.int().min(0).max(MAX_STEP);
const text = (most: number) => z.string().max(most);
const time = z.number().min(0).max(8.64e15);
const side = z.int().min(1).max(MAX_SIDE);
/** A path within the archive: no part of it begins with a dot. */
const path = text(200).regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/);
const id = z.string().regex(/^[\w-]{1,100}$/);

const column = z.string().regex(/^[A-Za-z]\w{0,39}$/);
const columns = z
  .array(column)
  .max(64)
  .refine((names) => new Set(names).size === names.length, "names a column twice")
  .refine(
    (names) => NEEDED_COLUMNS.every((name) => names.includes(name)),
    `lacks one of ${NEEDED_COLUMNS.join(", ")}`,
  );

const PointsFile = z.strictObject({
  file: path,
  columns,
  count: z.int().min(1).max(MAX_PART_POINTS),
});

const MeasurementsFile = z.strictObject({ file: path, count: z.int().min(1).max(MAX_PART_POINTS) });

const Strip = z.strictObject({
  file: path,
  tile: side,
  times: z.array(z.number()).min(1).max(1000),
});

const Grid = z.strictObject({
  step,
  file: path,
  count: z.int().min(1).max(MAX_TILES),
  columns: side,
  tile: side,
  labels: z.array(z.int()).max(MAX_TILES),
  denoised: Strip.optional(),
});

const Checkpoint = z.strictObject({
  step,
  file: path,
  bytes: z.int().min(1),
  createdAtMs: time,
  interim: z.literal(true).optional(),
});

/** What a run was computed on. What else was found out about the machine is of no use on another one and is left out. */
export const ManifestDevice = z.object({
  backend: z.enum(["webgpu", "wasm", "cpu"]),
  adapter: text(MAX_ADAPTER),
  slow: z.boolean().default(false),
  float16: z.boolean().default(false),
  tile: text(200).optional(),
});

const ascending = (entries: readonly { readonly step: number }[]) =>
  entries.every((entry, i) => i === 0 || entry.step > (entries[i - 1]?.step ?? Infinity));
const NOT_ASCENDING = "its steps do not ascend";

export const ManifestRun = z.strictObject({
  id,
  name: text(MAX_NAME).min(1),
  createdAtMs: time,
  updatedAtMs: time,
  phase: z.enum(["finished", "stopped", "failed"]),
  step,
  device: ManifestDevice.nullable(),
  /** As in a saved experiment (src/common/config/runFile.ts) and read like one. */
  settings: z.looseObject({ v: z.int().min(1) }),
  imageRanges: z
    .array(z.tuple([z.int().min(0), z.int().min(0)]))
    .max(100_000)
    .optional(),
  repeats: z.boolean().optional(),
  parent: z
    .strictObject({
      ...{ runId: id, step, repeatable: z.boolean().optional() },
      change: z.array(ForkedSetting).max(MAX_CHANGED).optional(),
    })
    .optional(),
  points: z.array(PointsFile).max(MAX_PARTS),
  measurements: z.array(MeasurementsFile).max(MAX_PARTS),
  grids: z.array(Grid).max(MAX_GRIDS).refine(ascending, NOT_ASCENDING),
  checkpoints: z.array(Checkpoint).max(MAX_CHECKPOINTS).refine(ascending, NOT_ASCENDING),
});
export type ManifestRun = z.infer<typeof ManifestRun>;
/** As it is written: what has a default may be left out. */
export type WrittenRun = z.input<typeof ManifestRun>;

export const Manifest = z.strictObject({
  kind: z.literal(RESULTS_KIND),
  version: z.literal(RESULTS_VERSION),
  /** Which version of what program wrote it; nothing depends on it. */
  madeBy: text(200).optional(),
  runs: z.array(ManifestRun).min(1).max(MAX_RUNS),
});
export type Manifest = z.infer<typeof Manifest>;

/** Names every file of a run. */
export const filesOf = (run: ManifestRun): readonly string[] => [
  ...[...run.points, ...run.measurements, ...run.checkpoints].map(({ file }) => file),
  ...run.grids.flatMap(({ file, denoised }) => (denoised ? [file, denoised.file] : [file])),
];
