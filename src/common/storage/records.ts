import { z } from "zod";
import { LAYER_METRICS, SAMPLE_METRICS, STEP_METRICS } from "../catalogue/liveMetrics";
import { Experiment, TimelineEntry } from "../config/experiment";
import { ForkedSetting } from "../config/forks";
import type { StoredPhase } from "../protocol/trainer";

/**
 * What storage believes of the records it finds: a browser, a disk, an older or a later version of the studio wrote them.
 * A record of an older version passes as far as this one can show it; fields that nobody knows are kept.
 */

/** Also what is not finite: a log says what was measured. */
const number = z.custom<number>((value) => typeof value === "number", "is no number");
const step = z.int().min(0);
const bytes = z.instanceof(ArrayBuffer);

const isNumber = (value: unknown) => typeof value === "number";
const isNumbers = (value: unknown) => Array.isArray(value) && value.every(isNumber);

/** Whether a record has a value for each metric that logs always had. */
const hasAll =
  (
    rows: readonly { readonly id: string; readonly later?: true }[],
    is: (value: unknown) => boolean,
  ) =>
  (record: Readonly<Record<string, unknown>>) =>
    rows.every(({ id, later }) => later === true || is(record[id]));
const LACKS = "lacks a value of a metric";

/** Every phase; a missing one does not compile. */
const PHASES: Readonly<Record<StoredPhase, true>> = {
  caching: true,
  loading: true,
  compiling: true,
  training: true,
  evaluating: true,
  paused: true,
  finished: true,
  stopped: true,
  failed: true,
  unknown: true,
};

const phase = z
  .unknown()
  .transform((value): StoredPhase =>
    typeof value === "string" && value in PHASES ? (value as StoredPhase) : "unknown",
  );

const Device = z.looseObject({ backend: z.enum(["webgpu", "wasm", "cpu"]), adapter: z.string() });

const RunFields = z.looseObject({
  id: z.string(),
  name: z.string(),
  experiment: Experiment,
  timeline: z.array(TimelineEntry),
  createdAtMs: number,
  updatedAtMs: number,
  order: number.optional(),
  phase,
  step: number,
  device: Device.nullable(),
  datasetHash: z.string(),
  codeVersion: z.string(),
  imageRanges: z.array(z.tuple([z.int(), z.int()])).optional(),
  repeats: z.boolean().optional(),
  parent: z
    .object({
      ...{ runId: z.string(), step, repeatable: z.boolean().optional() },
      change: z.array(ForkedSetting).optional().catch(undefined), // words beside the fork, nothing more
    })
    .optional(),
  pinned: z.boolean().optional(),
  look: z
    .object({ color: z.int().min(0), shown: z.boolean() })
    .optional()
    .catch(undefined),
  imported: z.object({ file: z.string(), atMs: number }).optional().catch({ file: "", atMs: 0 }),
  deletedAtMs: number.optional(),
});

const StepPoint = z
  .looseObject({ step, stepMs: number })
  .refine(hasAll(STEP_METRICS, isNumber), LACKS);

const Measurement = z.discriminatedUnion("kind", [
  z
    .looseObject({ kind: z.literal("sampleQuality"), step, space: z.string() })
    .refine(hasAll(SAMPLE_METRICS, isNumber), LACKS),
  z
    .looseObject({ kind: z.literal("layerAlignment"), step, encoder: z.string() })
    .refine(hasAll(LAYER_METRICS, isNumbers), LACKS),
  z.looseObject({
    ...{ kind: z.literal("gradientConflict"), step, encoders: z.array(z.string()) },
    ...{ blocks: z.array(z.looseObject({})), embedders: z.looseObject({}) },
  }),
]);

const STEP_COLUMNS = [
  ...["step", "stepMs"],
  ...STEP_METRICS.flatMap((row) => ("later" in row ? [] : [row.id])),
];

/** Rows of numbers (stepRows.ts): whole ones, with every value that logs always had, each of a step that can be. */
const StepRows = z
  .looseObject({
    columns: z
      .array(z.string())
      .refine((names) => STEP_COLUMNS.every((name) => names.includes(name)), LACKS),
    values: z.instanceof(Float64Array),
  })
  .refine(({ columns, values }) => values.length % columns.length === 0, "has a row that is cut")
  .refine(hasSteps, "has a step that is none");

function hasSteps({ columns, values }: { columns: readonly string[]; values: Float64Array }) {
  for (let at = columns.indexOf("step"); at < values.length; at += columns.length) {
    const step = values[at] ?? NaN;
    if (!Number.isSafeInteger(step) || step < 0) return false;
  }
  return true;
}

const LogEntry = z.discriminatedUnion("kind", [
  StepRows.safeExtend({ runId: z.string(), kind: z.literal("steps") }),
  z.looseObject({ runId: z.string(), kind: z.literal("measurement"), measurement: Measurement }),
]);

const Series = z.looseObject({
  runId: z.string(),
  stride: z.int().min(1),
  points: z.array(StepPoint),
  extremes: StepRows.optional(),
});

const Grid = z.looseObject({
  ...{ runId: z.string(), step, png: bytes, count: z.int(), columns: z.int(), tile: z.int() },
  labels: z.array(z.int()),
  denoised: z.looseObject({ png: bytes, tile: z.int(), times: z.array(number) }).optional(),
});

const Head = z
  .looseObject({
    ...{ runId: z.string(), step, bytes: z.int().min(0), createdAtMs: number, pinned: z.boolean() },
    ...{ interim: z.boolean().optional(), forkPoint: z.boolean().optional() },
    parts: z.array(z.object({ bytes: z.int().min(0), sha256: z.string() })),
  })
  .refine(
    (head) => head.parts.reduce((sum, part) => sum + part.bytes, 0) === head.bytes,
    "its parts are not as long as the whole",
  );

const Cache = z.looseObject({
  ...{ cacheKey: z.string(), label: z.string(), rowLength: z.int().min(1), rows: z.int().min(0) },
  ...{ rowsPerShard: z.int().min(1), createdAtMs: number, weights: z.string().optional() },
});

const Range = z.looseObject({ first: z.int().min(0), end: z.int().min(0) });

const Weights = z.looseObject({
  ...{ key: z.string(), repo: z.string(), revision: z.string(), commit: z.string().nullable() },
  ...{ file: z.string(), bytes: z.int().min(0), sha256: z.string().nullable() },
  licence: z.looseObject({ name: z.string(), nonCommercial: z.boolean() }),
  precision: z.enum(["stored", "float16"]),
  rounding: z.looseObject({ relativeRms: number, largest: number }).nullable(),
  tensors: z.array(z.looseObject({ name: z.string() })),
  ...{ leftOut: z.array(z.string()), chunks: z.array(Range) },
  ...{ whole: z.boolean(), verified: z.boolean(), complete: z.boolean(), createdAtMs: number },
});

const Dataset = z.looseObject({
  ...{ id: z.string(), name: z.string(), source: z.string(), fingerprint: z.string() },
  ...{ resolution: z.int().min(1), limit: z.int().nullable(), consumed: z.int().min(0) },
  ...{ images: z.int().min(0), shards: z.int().min(0), bytes: z.int().min(0) },
  skippedCount: z.int().min(0),
  skipped: z.array(z.looseObject({ name: z.string(), reason: z.string() })),
  foundClasses: z.array(z.string()),
  complete: z
    .looseObject({
      ...{ hash: z.string(), classNames: z.array(z.string()), classCounts: z.array(z.int()) },
    })
    .nullable(),
  createdAtMs: number,
});

const Subject = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("run"), runId: z.string(), step }),
  z.looseObject({ kind: z.literal("file"), fileId: z.string() }),
]);
const layers = z.array(z.looseObject({}));
const Result = z.discriminatedUnion("kind", [
  z
    .looseObject({ kind: z.literal("alignment"), encoder: z.string(), time: number })
    .refine(hasAll(LAYER_METRICS, isNumbers), LACKS),
  z.looseObject({ kind: z.literal("probe"), time: number, layers }),
  z.looseObject({
    ...{ kind: z.literal("maps"), time: number, images: z.looseObject({}), layers },
    encoders: z.array(z.looseObject({ encoder: z.string() })),
  }),
  z
    .looseObject({ kind: z.literal("samples"), space: z.string(), coverage: z.looseObject({}) })
    .refine(hasAll(SAMPLE_METRICS, isNumber), LACKS),
  z.looseObject({ kind: z.literal("encoderProbe"), encoder: z.string() }),
  z.looseObject({
    ...{ kind: z.literal("encoderAlignment"), encoder: z.string(), other: z.string() },
    cknna: number,
  }),
]);

const Analysis = z.looseObject({
  ...{ key: z.string(), createdAtMs: number, datasetHash: z.string(), seed: number },
  device: Device,
  found: z.looseObject({ subject: Subject.nullable(), result: Result }),
});

/** What a record of each store must be. Records of other stores are checked where they are read, by checksum. */
export const SCHEMAS = {
  runs: RunFields,
  log: LogEntry,
  series: Series,
  grids: Grid,
  checkpoints: Head,
  caches: Cache,
  weights: Weights,
  datasets: Dataset,
  analyses: Analysis,
} as const;
