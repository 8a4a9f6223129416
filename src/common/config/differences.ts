import type { Experiment } from "./experiment";
import { withAllImages } from "./imageEntries";
import { sameValue } from "./nonDefaults";
import { PRESETS, type Preset } from "./presets";
import { isShown, SETTINGS, settingValue, type Setting, type SettingValue } from "./settings";

/** A setting in which one experiment differs from another. */
export interface Difference {
  readonly setting: Setting;
  readonly from: SettingValue | undefined;
  readonly to: SettingValue | undefined;
}

/** In what `to` differs from `from`, in the schema's order. A setting that has no meaning in either is left out. */
export const differences = (from: Experiment, to: Experiment): readonly Difference[] =>
  SETTINGS.filter((setting) => isShown(setting, from) || isShown(setting, to))
    .map((setting) => ({
      setting,
      from: settingValue(from, setting),
      to: settingValue(to, setting),
    }))
    .filter((one) => !sameValue(one.from, one.to));

/** The settings in which some of the experiments differ from the first. */
export function differingSettings(experiments: readonly Experiment[]): readonly Setting[] {
  const [first, ...others] = experiments;
  if (!first) return [];
  const found = new Set(
    others.flatMap((other) => differences(first, other).map(({ setting }) => setting.path)),
  );
  return SETTINGS.filter(({ path }) => found.has(path));
}

/**
 * The preset an experiment is nearest to: the one it is named after, else the one it differs from in the fewest settings;
 * of several the first. When its images come in does not count.
 */
export function nearestPreset(experiment: Experiment, name = ""): Preset | undefined {
  const named = PRESETS.find((preset) => preset.name === name);
  if (named) return named;
  const whole = withAllImages(experiment);
  const counts = PRESETS.map(
    (preset) => differences(withAllImages(preset.experiment), whole).length,
  );
  return PRESETS[counts.indexOf(Math.min(...counts))];
}

const WITHOUT_SEED = new WeakMap<Experiment, string>();

/** An experiment in a form that is equal for two that differ in the seed alone. */
export function withoutSeed(experiment: Experiment): string {
  const known = WITHOUT_SEED.get(experiment);
  if (known !== undefined) return known;
  const text = JSON.stringify({
    ...experiment,
    optimizer: { ...experiment.optimizer, seed: 0 },
  });
  WITHOUT_SEED.set(experiment, text);
  return text;
}
