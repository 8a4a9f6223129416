import { z } from "zod";
import { Experiment, ImportedData, type ExperimentGroup } from "../../common/config/experiment";
import { fieldInfo, type FieldInfo } from "../../common/config/fieldInfo";

/** What kind of control a setting needs, read from its schema. */
export type FieldKind =
  | {
      readonly kind: "number";
      readonly integer: boolean;
      readonly min: number;
      readonly max: number;
    }
  | { readonly kind: "choice"; readonly options: readonly (string | number)[] }
  | { readonly kind: "several"; readonly options: readonly string[]; readonly most: number }
  | { readonly kind: "switch" }
  /** Imported images, chosen as a whole. */
  | { readonly kind: "imported" };

/** null is a setting that may be left out: "no micro-batches". */
export type FieldValue = string | number | boolean | null | readonly string[] | ImportedData;

/** One setting of the experiment: where it lives, what it accepts, what a form says about it. */
export interface FieldDescription {
  readonly group: ExperimentGroup;
  readonly name: string;
  /** `group.name`: the key of error messages and of changed fields. */
  readonly path: string;
  readonly control: FieldKind;
  readonly info: FieldInfo;
}

/** The object schema of a group: what `.prefault({})` wraps. */
const groupShape = (group: ExperimentGroup): Readonly<Record<string, z.ZodType>> =>
  Experiment.shape[group].unwrap().shape;

/** The schema of one setting, or undefined when the group has no such field. */
export const fieldSchema = (group: ExperimentGroup, name: string): z.ZodType | undefined =>
  groupShape(group)[name];

/** Every group in the order of the schema. */
export const GROUPS = Experiment.keyof().options;

/** Every setting that has field info, in the order of the schema; what the form is generated from. */
export const FIELDS: readonly FieldDescription[] = GROUPS.flatMap((group) =>
  Object.entries(groupShape(group)).flatMap(([name, schema]) => {
    const info = fieldInfo.get(schema);
    return info
      ? [{ group, name, path: `${group}.${name}`, control: controlOf(schema), info }]
      : [];
  }),
);

function controlOf(schema: z.ZodType): FieldKind {
  if (schema instanceof z.ZodDefault) return controlOf(unwrapped(schema.unwrap()));
  if (schema instanceof z.ZodNullable) return controlOf(unwrapped(schema.unwrap()));
  if (schema === ImportedData) return { kind: "imported" };
  if (schema instanceof z.ZodBoolean) return { kind: "switch" };
  if (schema instanceof z.ZodEnum) return { kind: "choice", options: schema.options };
  if (schema instanceof z.ZodUnion) return { kind: "choice", options: literals(schema) };
  if (schema instanceof z.ZodArray) return severalOf(schema);
  if (schema instanceof z.ZodNumber) {
    return {
      kind: "number",
      integer: schema.format === "safeint",
      min: schema.minValue ?? -Infinity,
      max: schema.maxValue ?? Infinity,
    };
  }
  throw new TypeError(`No control is known for a setting of type ${schema.def.type}.`);
}

/** The core type of a wrapped schema as the classic one that was put in. */
function unwrapped(schema: z.core.$ZodType): z.ZodType {
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

function severalOf(schema: z.ZodArray): FieldKind {
  const element = schema.element;
  if (!(element instanceof z.ZodEnum)) {
    throw new TypeError("A setting with several values must be an array of an enum.");
  }
  const options = element.options.filter((option) => typeof option === "string");
  const limits = (schema.def.checks ?? []).map(({ _zod: { def } }) =>
    "maximum" in def && typeof def.maximum === "number" ? def.maximum : Infinity,
  );
  return { kind: "several", options, most: Math.min(options.length, ...limits) };
}
