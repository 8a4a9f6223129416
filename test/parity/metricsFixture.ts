import { z } from "zod";
import type { SafetensorsTensor } from "../../src/common/formats/safetensors";
import { toMatrix, type Matrix } from "../../src/engine/metrics/matrix";
import { goldenTensor, type GoldenManifest } from "../golden";
import { parseTolerance, type Tolerance } from "./comparison";

/** One entry of a metric manifest's results with what is needed to recompute it. */
export interface ResultEntry {
  readonly manifestName: string;
  readonly key: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** The manifest's limit for a float64 implementation. */
  readonly tolerance: Tolerance;
  /** The manifest's limits as it words them, by what they are for. */
  readonly tolerances: Readonly<Record<string, string>>;
}

const Fields = z.record(z.string(), z.unknown());
const Texts = z.record(z.string(), z.string());

export const asFields = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  Fields.safeParse(value).data;

function float64Tolerance(texts: Readonly<Record<string, string>>): Tolerance {
  const key = Object.keys(texts).find((name) => name.startsWith("float64")) ?? "all";
  return parseTolerance(texts[key]);
}

export function resultEntries(
  manifest: GoldenManifest,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
): ResultEntry[] {
  const tolerances = Texts.safeParse(manifest.tolerance).data ?? {};
  const tolerance = float64Tolerance(tolerances);
  return Object.entries(asFields(manifest.results) ?? {}).flatMap(([key, value]) => {
    const fields = asFields(value);
    return fields
      ? [{ manifestName: manifest.name, key, fields, tensors, tolerance, tolerances }]
      : [];
  });
}

/** A tensor's values as numbers, whatever its number type (not the raw bits of F16 and BF16). */
export function tensorNumbers(entry: ResultEntry, name: string): Float64Array {
  const tensor = goldenTensor(entry.tensors, name);
  if (tensor.dtype === "F16" || tensor.dtype === "BF16") {
    throw new Error(`Tensor "${name}" is ${tensor.dtype}; metric fixtures hold wider numbers.`);
  }
  return tensor.dtype === "I64"
    ? Float64Array.from(tensor.data, Number)
    : Float64Array.from(tensor.data);
}

/** A stored [N, D] tensor; more axes after the first are flattened into D. */
export function featureMatrix(entry: ResultEntry, name: string): Matrix {
  const [rows = 1, ...rest] = goldenTensor(entry.tensors, name).shape;
  return toMatrix(
    tensorNumbers(entry, name),
    rows,
    rest.reduce((product, size) => product * size, 1),
  );
}

export const text = (value: unknown): string | undefined => z.string().safeParse(value).data;
export const numeric = (value: unknown): number | undefined => z.number().safeParse(value).data;
export const numbers = (value: unknown): number[] | undefined =>
  z.array(z.number()).safeParse(value).data;
/** A number, or null where the reference gave NaN. */
export const numericOrNull = (value: unknown): number | null | undefined =>
  z.number().nullable().safeParse(value).data;
