import { z } from "zod";
import {
  CONFLICT_METRICS,
  LAYER_METRICS,
  SAMPLE_METRICS,
  type LiveMetric,
} from "../catalogue/liveMetrics";
import { AlignmentConfig } from "../config/experiment";
import { recordOf } from "../math/records";
import { measurementSeries } from "../protocol/measurementSeries";
import type { Measurement } from "../protocol/trainer";
import { SMALL_BYTES } from "../formats/zipEntries";
import { fromNumberJson, NUMBER_TEXTS, toNumberJson } from "./numberText";

/** Measurements of a run as lines of JSON, each with the numbers that JSON lacks as texts (numberText.ts). */

/** Also what is not finite. As JSON Schema it is a number or one of the texts: `measurementJsonSchema`. */
const number = z.custom<number>((value) => typeof value === "number", "is no number");
const MAX_BLOCKS = 1000;
const numbers = z.array(number).max(MAX_BLOCKS);
const text = z.string().max(200);
const step = z.int().min(0);

/** What a later version measured besides is kept as it is. */
const more = z.unknown();

const ids = (rows: readonly LiveMetric[], later: boolean): readonly string[] =>
  rows.filter((row) => (row.later ?? false) === later).map(({ id }) => id);
/** A field for each metric; those that older logs lack may be missing. */
const valuesOf = <S extends z.ZodType>(rows: readonly LiveMetric[], value: S) => ({
  ...recordOf(ids(rows, false), () => value),
  ...recordOf(ids(rows, true), () => value.optional()),
});
const besideOf = (later: boolean) =>
  SAMPLE_METRICS.filter((row) => (row.later ?? false) === later).flatMap(({ beside }) => beside);

const SampleQuality = z
  .object({
    ...{ kind: z.literal("sampleQuality"), step, space: text },
    ...{ sampleCount: number, pairCount: number, referenceCount: number },
    ...valuesOf(SAMPLE_METRICS, number),
    ...recordOf(besideOf(false), () => number),
    ...recordOf(besideOf(true), () => number.optional()),
  })
  .catchall(more);

const LayerAlignment = z
  .object({
    ...{ kind: z.literal("layerAlignment"), step, encoder: text },
    ...{ imageCount: number, k: number, time: number, chance: number },
    ...valuesOf(LAYER_METRICS, numbers),
  })
  .catchall(more);

const Conflict = z
  .object({
    velocityNorm: number,
    alignmentNorm: number.nullable(),
    ...valuesOf(CONFLICT_METRICS, number.nullable()),
  })
  .catchall(more);

const GradientConflict = z
  .object({
    ...{ kind: z.literal("gradientConflict"), step, encoders: z.array(text).max(100) },
    ...{ encoderDepth: number, projCoeff: number },
    objective: AlignmentConfig.shape.objective.unwrap(),
    ...{ imageCount: number, batchSize: number },
    ...{ blocks: z.array(Conflict).max(MAX_BLOCKS), embedders: Conflict },
  })
  .catchall(more);

const MeasurementLine = z.discriminatedUnion("kind", [
  SampleQuality,
  LayerAlignment,
  GradientConflict,
]);

/** A line as JSON Schema. */
export const measurementJsonSchema = () =>
  z.toJSONSchema(MeasurementLine, {
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === number)
        jsonSchema.anyOf = [{ type: "number" }, { enum: [...NUMBER_TEXTS] }];
    },
  });

const byStepAndSeries = (a: Measurement, b: Measurement) =>
  a.step - b.step || (measurementSeries(a) < measurementSeries(b) ? -1 : 1);

/** One order for all: measurements of a step are logged as they are ready. */
export const inOrder = (measurements: readonly Measurement[]): readonly Measurement[] =>
  [...measurements].sort(byStepAndSeries);

/** A stretch of lines. */
export interface LinesPart {
  readonly count: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Lines cut into pieces below the size whose ratio an archive's reader doubts. */
export function* packMeasurements(measurements: readonly Measurement[]): Generator<LinesPart> {
  const encoder = new TextEncoder();
  let lines: string[] = [];
  let chars = 0;
  for (const measurement of inOrder(measurements)) {
    const line = `${toNumberJson(measurement)}\n`;
    if (chars + line.length > SMALL_BYTES / 4) {
      yield { count: lines.length, bytes: encoder.encode(lines.join("")) };
      [lines, chars] = [[], 0];
    }
    lines.push(line);
    chars += line.length;
  }
  if (lines.length > 0) yield { count: lines.length, bytes: encoder.encode(lines.join("")) };
}

/**
 * The measurements of such lines; an empty line is none.
 * @throws Error that names the line and what is wrong with it
 */
export function unpackMeasurements(bytes: Uint8Array): Measurement[] {
  const lines = new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n");
  return lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    let value: unknown;
    try {
      value = fromNumberJson(line);
    } catch (cause) {
      throw new Error(`line ${i + 1} is no JSON`, { cause });
    }
    const parsed = MeasurementLine.safeParse(value);
    // every field of the type is a field of the schema; TypeScript cannot follow that through the catalogue's rows
    if (parsed.success) return [parsed.data as unknown as Measurement];
    const issue = parsed.error.issues[0];
    const where = issue?.path.join(".") ?? "";
    throw new Error(
      `line ${i + 1}, ${where === "" ? "the whole" : where}: ${issue?.message ?? ""}`,
    );
  });
}
