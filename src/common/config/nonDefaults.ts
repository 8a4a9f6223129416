import type { Experiment } from "./experiment";
import { SETTINGS, settingValue, type Setting, type SettingValue } from "./settings";

export interface NonDefault {
  readonly setting: Setting;
  readonly value: SettingValue | undefined;
}

/** Whether two values of a setting are the same. */
export const sameValue = (a: SettingValue | undefined, b: SettingValue | undefined): boolean =>
  a === b || JSON.stringify(a) === JSON.stringify(b);

/** The settings that differ from the schema's defaults, in its order: what a link carries and its dialog lists. */
export const nonDefaults = (experiment: Experiment): readonly NonDefault[] =>
  SETTINGS.map((setting) => ({ setting, value: settingValue(experiment, setting) })).filter(
    ({ setting, value }) => !sameValue(value, setting.defaultValue),
  );
