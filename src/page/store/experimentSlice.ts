import {
  Experiment,
  LEAST_HELD_OUT,
  type ControlChange,
  type ExperimentGroup,
  type ImportedData,
  type TimelineEntry,
} from "../../common/config/experiment";
import { sameValue } from "../../common/config/nonDefaults";
import { PRESETS } from "../../common/config/presets";
import {
  settingAt,
  SETTINGS,
  settingValue,
  type Setting,
  type SettingValue,
} from "../../common/config/settings";
import { dataShape, modelShape } from "../../common/config/sizes";
import { heldOutImages, validateExperiment } from "../../common/config/validate";
import type { SetPart } from "./setPart";

export interface ExperimentState {
  readonly value: Experiment;
  /** Preset the values came from; null for a link or a stored run. */
  readonly presetId: string | null;
  /** What reset goes back to and "changed" is measured against. */
  readonly baseline: Experiment;
  /** By path (`group.name`): why the last thing typed was not taken. The value before it still holds. */
  readonly errors: Readonly<Record<string, string>>;
  /** What stops this experiment from being run, by path: refused input and contradicting settings. */
  readonly issues: Readonly<Record<string, string>>;
  /** Paths of the settings that differ from the baseline, in the schema's order. */
  readonly changed: readonly string[];
  /** Live changes the next run makes by itself at their steps: those of a link or a file that is edited first. */
  readonly scheduled: readonly TimelineEntry[];
}

export interface ExperimentSlice {
  readonly experiment: ExperimentState;
  /** Shows another experiment; nothing while a run is under way, whose settings the form shows. */
  readonly loadExperiment: (
    experiment: Experiment,
    presetId: string | null,
    scheduled?: readonly TimelineEntry[],
  ) => void;
  readonly clearScheduled: () => void;
  readonly setField: (group: ExperimentGroup, name: string, value: SettingValue) => void;
  readonly resetField: (group: ExperimentGroup, name: string) => void;
  readonly resetGroup: (group: ExperimentGroup) => void;
}

/** Fills in what follows from the rest: once a change, not once a look. */
function settled(state: Omit<ExperimentState, "issues" | "changed">): ExperimentState {
  const contradictions = validateExperiment(state.value, state.scheduled).map(
    ({ path, message }) => [path, message] as const,
  );
  return {
    ...state,
    issues: { ...Object.fromEntries(contradictions), ...state.errors },
    changed: changedPaths(state.value, state.baseline),
  };
}

export const initialExperiment = (
  value: Experiment,
  presetId: string | null,
  scheduled: readonly TimelineEntry[] = [],
): ExperimentState => settled({ value, presetId, baseline: value, errors: {}, scheduled });

export const withoutSchedule = (state: ExperimentState): ExperimentState =>
  state.scheduled.length === 0 ? state : settled({ ...state, scheduled: [] });

const isSame = (a: Experiment, b: Experiment): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * The state after a stored run or a link was opened. An equal experiment stays as it is; one of a preset (by its contents, or
 * by the name a run of it is given) is measured against that.
 * @param name of the stored run; absent for a link
 */
export function loadedExperiment(
  before: ExperimentState,
  experiment: Experiment,
  name?: string,
): ExperimentState {
  if (isSame(before.value, experiment)) return withoutSchedule(before);
  const preset =
    PRESETS.find((one) => isSame(one.experiment, experiment)) ??
    PRESETS.find((one) => one.name === name);
  return settled({
    value: experiment,
    presetId: preset?.id ?? null,
    baseline: preset?.experiment ?? experiment,
    errors: {},
    scheduled: [],
  });
}

/** Takes a value if the schema does, else keeps the old one and says why under the field's path. */
export function setField(
  state: ExperimentState,
  group: ExperimentGroup,
  name: string,
  value: SettingValue,
): ExperimentState {
  const path = `${group}.${name}`;
  const setting = settingAt(path);
  const parsed = setting?.schema.safeParse(value);
  if (!parsed?.success) {
    return settled({ ...state, errors: { ...state.errors, [path]: refusal(setting) } });
  }
  const groupValue = { ...state.value[group], [name]: parsed.data };
  const next = Experiment.parse({ ...state.value, [group]: groupValue });
  return settled({
    ...state,
    value: group === "model" ? keepDepthInside(next) : next,
    errors: without(state.errors, path),
  });
}

/** What the setting takes, for a value that it does not. */
function refusal(setting: Setting | undefined): string {
  if (!setting) return "There is no such setting.";
  const { control } = setting;
  switch (control.kind) {
    case "number": {
      const what = control.integer ? "A whole number" : "A number";
      return `${what} from ${control.min} to ${control.max}.`;
    }
    case "several":
      return `Choose one to ${control.most}.`;
    case "choice":
      return `One of ${control.options.map(({ label }) => label).join(", ")}.`;
    case "switch":
      return "On or off.";
    case "imported":
      return "Images prepared in the Data view.";
    case "batchDivisors":
      return "A divisor of the batch size.";
  }
}

/** A smaller model pulls the alignment depth along: the slider ends where the model does. */
function keepDepthInside(experiment: Experiment): Experiment {
  const { depth } = modelShape(experiment.model);
  if (experiment.alignment.encoderDepth <= depth) return experiment;
  return { ...experiment, alignment: { ...experiment.alignment, encoderDepth: depth } };
}

const LEAST_SAMPLES = 8;
/** Held-out images from which CKNNA says something; fewer than these are raised to them where a third is enough. */
const ENOUGH_HELD_OUT = 12;
const MOST_HELD_OUT = 0.5;

/** A small data set holds out more of itself: a tenth of a dozen images is one, and one has no neighbours. */
function fittedHoldOut(data: Experiment["data"]): number {
  const { groups, imagesPerGroup } = dataShape(data);
  const third = Math.floor((groups * imagesPerGroup) / 3);
  const wanted = Math.max(LEAST_HELD_OUT, Math.min(ENOUGH_HELD_OUT, third));
  if (heldOutImages(data) >= wanted) return data.holdOutFraction;
  const thousandths = Math.ceil((1000 * wanted) / (groups * imagesPerGroup));
  return Math.min(MOST_HELD_OUT, thousandths / 1000);
}

/** An experiment whose hold-out and evaluation fit its number of images; what cannot fit stays an issue of the form. */
export function fittedToImages(experiment: Experiment): Experiment {
  const { groups, imagesPerGroup } = dataShape(experiment.data);
  const { evaluation } = experiment;
  const data = { ...experiment.data, holdOutFraction: fittedHoldOut(experiment.data) };
  const heldOutCount = Math.max(
    LEAST_HELD_OUT,
    Math.min(evaluation.heldOutCount, heldOutImages(data)),
  );
  const fitted = {
    heldOutCount,
    sampleCount: Math.max(LEAST_SAMPLES, Math.min(evaluation.sampleCount, groups * imagesPerGroup)),
    cknnaK: Math.min(evaluation.cknnaK, heldOutCount - 2),
  };
  return { ...experiment, data, evaluation: { ...evaluation, ...fitted } };
}

/** Numbers that differ, as text. */
const changesBetween = (before: Experiment, after: Experiment): readonly string[] =>
  SETTINGS.flatMap((setting) => {
    const [was, is] = [before, after].map((experiment) => settingValue(experiment, setting));
    const differ = typeof was === "number" && typeof is === "number" && was !== is;
    return differ ? [`${setting.info.label}: ${was} → ${is}`] : [];
  });

/** Imported images as the data trained on (null: the built-in ones); hold-out and evaluation follow their number. */
export function chooseData(
  state: ExperimentState,
  imported: ImportedData | null,
): { readonly experiment: ExperimentState; readonly adjusted: readonly string[] } {
  const dataset = imported ? ("imported" as const) : ("emoji" as const);
  const chosen = { ...state.value, data: { ...state.value.data, dataset, imported } };
  const value = fittedToImages(chosen);
  const errors = without(without(state.errors, "data.dataset"), "data.imported");
  return {
    experiment: settled({ ...state, value, errors }),
    adjusted: changesBetween(chosen, value),
  };
}

/** A change that took effect in the run sets the controls (a replayed timeline does so too). */
export function moveAlignment(state: ExperimentState, change: ControlChange): ExperimentState {
  const alignment = Experiment.shape.alignment.safeParse({
    ...state.value.alignment,
    ...change,
  });
  if (!alignment.success) return state;
  return settled({ ...state, value: { ...state.value, alignment: alignment.data } });
}

export const resetField = (
  state: ExperimentState,
  group: ExperimentGroup,
  name: string,
): ExperimentState => {
  const value = settingValue(state.baseline, { group, key: name });
  return value === undefined ? state : setField(state, group, name, value);
};

export const resetGroup = (state: ExperimentState, group: ExperimentGroup): ExperimentState =>
  SETTINGS.filter((setting) => setting.group === group).reduce(
    (next, { key }) => resetField(next, group, key),
    state,
  );

/** Paths of the settings that differ between two experiments, in the schema's order. */
export const changedPaths = (experiment: Experiment, baseline: Experiment): readonly string[] =>
  SETTINGS.filter(
    (setting) => !sameValue(settingValue(experiment, setting), settingValue(baseline, setting)),
  ).map(({ path }) => path);

const without = (
  errors: Readonly<Record<string, string>>,
  path: string,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(errors).filter(([other]) => other !== path));

export const createExperimentSlice = (
  set: SetPart<Pick<ExperimentSlice, "experiment">>,
  initial: ExperimentState,
  /** A run is under way, and the form shows its settings. */
  isUnderWay: () => boolean,
): ExperimentSlice => ({
  experiment: initial,
  loadExperiment: (experiment, presetId, scheduled) =>
    set(isUnderWay() ? {} : { experiment: initialExperiment(experiment, presetId, scheduled) }),
  clearScheduled: () => set((state) => ({ experiment: withoutSchedule(state.experiment) })),
  setField: (group, name, value) =>
    set((state) => ({ experiment: setField(state.experiment, group, name, value) })),
  resetField: (group, name) =>
    set((state) => ({ experiment: resetField(state.experiment, group, name) })),
  resetGroup: (group) => set((state) => ({ experiment: resetGroup(state.experiment, group) })),
});
