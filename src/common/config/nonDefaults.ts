import type { z } from "zod";
import { Experiment, type ExperimentGroup } from "./experiment";
import { fieldInfo } from "./fieldInfo";

/** One setting as the schema knows it. */
export interface SettingField {
  readonly group: ExperimentGroup;
  readonly key: string;
  /** `group.key`, as issues and links name it. */
  readonly path: string;
  readonly label: string;
  readonly schema: z.ZodType;
  readonly defaultValue: unknown;
}

const GROUPS = Object.keys(Experiment.shape) as ExperimentGroup[];

/** Every setting in the schema's order. */
export function settingFields(): SettingField[] {
  const defaults = Experiment.parse({});
  return GROUPS.flatMap((group) => {
    const values: Readonly<Record<string, unknown>> = defaults[group];
    const shape: Readonly<Record<string, z.ZodType>> = Experiment.shape[group].unwrap().shape;
    return Object.entries(shape).map(([key, schema]) => ({
      group,
      key,
      path: `${group}.${key}`,
      label: fieldInfo.get(schema)?.label ?? key,
      schema,
      defaultValue: values[key],
    }));
  });
}

/** The value of a setting in an experiment. */
export function settingValue(experiment: Experiment, field: SettingField): unknown {
  const values: Readonly<Record<string, unknown>> = experiment[field.group];
  return values[field.key];
}

export interface NonDefaultField {
  readonly path: string;
  readonly label: string;
  readonly value: unknown;
}

/** The settings that differ from the schema's defaults, in its order: what a link carries and its dialog lists. */
export const nonDefaultFields = (experiment: Experiment): NonDefaultField[] =>
  settingFields()
    .map((field) => ({ field, value: settingValue(experiment, field) }))
    .filter(({ field, value }) => JSON.stringify(value) !== JSON.stringify(field.defaultValue))
    .map(({ field, value }) => ({ path: field.path, label: field.label, value }));
