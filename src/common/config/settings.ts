import type { z } from "zod";
import { controlOf, labelOf, type Control, type SliderInfo } from "./controls";
import { Experiment, type ExperimentGroup, type ImportedData } from "./experiment";
import { fieldInfo, groupInfo, type Condition, type FieldInfo, type GroupInfo } from "./fieldInfo";
import { modelShape } from "./sizes";

/** null is a setting that may be left out: "no micro-batches". */
export type SettingValue = string | number | boolean | null | readonly string[] | ImportedData;

/** One setting of the experiment: where it lives, what it accepts, what a form says about it. */
export interface Setting {
  readonly group: ExperimentGroup;
  readonly key: string;
  /** `group.key`, as issues, links and changed fields name it. */
  readonly path: string;
  readonly schema: z.ZodType;
  readonly defaultValue: SettingValue | undefined;
  readonly control: Control;
  readonly info: FieldInfo;
}

/** `group.key` of a setting there is. */
export type SettingPath = {
  [G in ExperimentGroup]: `${G}.${Extract<keyof Experiment[G], string>}`;
}[ExperimentGroup];

/** Every group in the order of the schema. */
export const GROUPS: readonly ExperimentGroup[] = Experiment.keyof().options;

/** The object schema of a group: what `.prefault({})` wraps. */
const groupSchema = (group: ExperimentGroup) => Experiment.shape[group].unwrap();
const groupShape = (group: ExperimentGroup): Readonly<Record<string, z.ZodType>> =>
  groupSchema(group).shape;

/** What a form says about a group. @throws TypeError for a group that is not in the registry */
export function groupInfoOf(group: ExperimentGroup): GroupInfo {
  const info = groupInfo.get(groupSchema(group));
  if (info) return info;
  throw new TypeError(`The group ${group} has no group info.`);
}

/** Groups in the order of the form. */
export const FORM_GROUPS: readonly ExperimentGroup[] = [...GROUPS].sort(
  (a, b) => groupInfoOf(a).place - groupInfoOf(b).place,
);

/** The value of a setting in an experiment; undefined when there is no such setting. */
export function settingValue(
  experiment: Experiment,
  { group, key }: Pick<Setting, "group" | "key">,
): SettingValue | undefined {
  const values: Readonly<Record<string, SettingValue>> = experiment[group];
  return values[key];
}

/** Every setting in the order of the schema: what forms, links and command lines are generated from. */
export const SETTINGS: readonly Setting[] = settingsOf(Experiment.parse({}));

function settingsOf(defaults: Experiment): Setting[] {
  return GROUPS.flatMap((group) =>
    Object.entries(groupShape(group)).map(([key, schema]) => {
      const info = fieldInfo.get(schema);
      if (!info) throw new TypeError(`The setting ${group}.${key} has no field info.`);
      return {
        group,
        key,
        path: `${group}.${key}`,
        schema,
        defaultValue: settingValue(defaults, { group, key }),
        control: controlOf(schema, info),
        info,
      };
    }),
  );
}

/** The setting at `group.key`. */
export const settingAt = (path: string): Setting | undefined =>
  SETTINGS.find((setting) => setting.path === path);

/** How an option of a setting reads. */
export const optionLabel = (path: SettingPath, value: string | number): string =>
  labelOf(settingAt(path)?.info ?? {}, value);

/** Whether a condition holds in an experiment. */
export function conditionHolds(condition: Condition, experiment: Experiment): boolean {
  if ("every" in condition) return condition.every.every((one) => conditionHolds(one, experiment));
  const setting = settingAt(condition.setting);
  const value = setting && settingValue(experiment, setting);
  if ("is" in condition) return value === condition.is;
  if ("isNot" in condition) return value !== condition.isNot;
  return typeof value === "number" && value > condition.above;
}

/** Whether the form shows a setting: one without a meaning at the moment is hidden. */
export const isShown = ({ info }: Setting, experiment: Experiment): boolean =>
  info.shownWhen === undefined || conditionHolds(info.shownWhen, experiment);

/** Whether a setting changes memory and time alone in this experiment. */
export const keepsResult = ({ info }: Setting, experiment: Experiment): boolean =>
  info.sameResult === true ||
  (info.sameResult !== undefined && conditionHolds(info.sameResult, experiment));

/** Where a slider ends in this experiment. */
export const sliderEnd = ({ max }: SliderInfo, { model }: Experiment): number =>
  max === "modelDepth" ? modelShape(model).depth : max;
