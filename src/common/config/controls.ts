import { z } from "zod";
import { ImportedData } from "./experiment";
import type { FieldInfo, SpecialControl } from "./fieldInfo";

/** One choice of a setting and how it reads. */
export interface Option<T extends string | number = string | number> {
  readonly value: T;
  readonly label: string;
}

export type SliderInfo = Extract<SpecialControl, { kind: "slider" }>;

/** What kind of control a setting needs, read from its schema and its field info. */
export type Control =
  | {
      readonly kind: "number";
      readonly integer: boolean;
      readonly min: number;
      readonly max: number;
      readonly slider: SliderInfo | null;
    }
  | { readonly kind: "choice"; readonly options: readonly Option[] }
  | { readonly kind: "several"; readonly options: readonly Option<string>[]; readonly most: number }
  | { readonly kind: "switch" }
  /** Imported images, chosen as a whole. */
  | { readonly kind: "imported" }
  | { readonly kind: "batchDivisors" };

/** How an option reads; a number is its own label. */
export function labelOf({ options }: Pick<FieldInfo, "options">, value: string | number): string {
  return options?.[String(value)] ?? String(value);
}

/** The control of a setting. @throws TypeError for a schema that no control is known for */
export function controlOf(schema: z.ZodType, info: FieldInfo): Control {
  if (info.control?.kind === "batchDivisors") return { kind: "batchDivisors" };
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) {
    return controlOf(classic(schema.unwrap()), info);
  }
  if (schema === ImportedData) return { kind: "imported" };
  if (schema instanceof z.ZodBoolean) return { kind: "switch" };
  if (schema instanceof z.ZodEnum) return { kind: "choice", options: named(schema.options, info) };
  if (schema instanceof z.ZodUnion)
    return { kind: "choice", options: named(literals(schema), info) };
  if (schema instanceof z.ZodArray) return severalOf(schema, info);
  if (schema instanceof z.ZodNumber) {
    return {
      kind: "number",
      integer: schema.format === "safeint",
      min: schema.minValue ?? -Infinity,
      max: schema.maxValue ?? Infinity,
      slider: info.control ?? null,
    };
  }
  throw new TypeError(`No control is known for a setting of type ${schema.def.type}.`);
}

function named<T extends string | number>(values: readonly T[], info: FieldInfo): Option<T>[] {
  return values.map((value) => ({ value, label: labelOf(info, value) }));
}

/** The core type of a wrapped schema as the classic one that was put in. */
function classic(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodType) return schema;
  throw new TypeError(`A setting's schema is not a classic zod type (${schema._zod.def.type}).`);
}

function literals(schema: z.ZodUnion): (string | number)[] {
  return schema.options.flatMap((option) =>
    option instanceof z.ZodLiteral
      ? [...option.values].filter((value) => typeof value === "string" || typeof value === "number")
      : [],
  );
}

function severalOf(schema: z.ZodArray, info: FieldInfo): Control {
  const element = schema.element;
  if (!(element instanceof z.ZodEnum)) {
    throw new TypeError("A setting with several values must be an array of an enum.");
  }
  const values = element.options.filter((option) => typeof option === "string");
  const limits = (schema.def.checks ?? []).map(({ _zod: { def } }) =>
    "maximum" in def && typeof def.maximum === "number" ? def.maximum : Infinity,
  );
  return {
    kind: "several",
    options: named(values, info),
    most: Math.min(values.length, ...limits),
  };
}
