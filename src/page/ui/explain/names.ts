import { liveChanges, withAllImages } from "../../../common/config/imageEntries";
import { ENCODER_ROWS } from "../../../common/catalogue/encoders";
import { labelOf } from "../../../common/config/controls";
import { differences, nearestPreset } from "../../../common/config/differences";
import type { ControlChange, Experiment, TimelineEntry } from "../../../common/config/experiment";
import { SETTINGS, type Setting, type SettingValue } from "../../../common/config/settings";
import type { RunStatus } from "../../store/runPhase";
import { formatValue } from "./format";

export const encoderShort = (id: string): string =>
  ENCODER_ROWS.find((row) => row.id === id)?.short ?? id;

/** A setting's value as a person reads it. */
export function valueText(setting: Setting, value: SettingValue | undefined): string {
  if (value === undefined) return "–";
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "string") return labelOf(setting.info, value);
  if ("hash" in value) return `${value.source} (${value.images} at ${value.resolution} px)`;
  return value.map((item) => valueText(setting, item)).join(", ");
}

const formatNumber = (value: number): string =>
  Number.isInteger(value) ? String(value) : formatValue(value);

const LIVE = SETTINGS.filter(({ info }) => info.live === true);

/** One live setting in a few letters: "λ 0.8", "depth 3", "NT-Xent"; encoders by `several`. */
function shortText(
  setting: Setting,
  value: string | number | readonly string[],
  several: (ids: readonly string[]) => string,
): string {
  const { info } = setting;
  if (typeof value === "number") return `${info.short ?? info.label} ${formatNumber(value)}`;
  return typeof value === "string" ? labelOf(info, value) : several(value);
}

function textOf(change: ControlChange, several: (ids: readonly string[]) => string): string {
  const values: Readonly<Record<string, string | number | readonly string[] | undefined>> = change;
  return LIVE.flatMap((setting) => {
    const value = values[setting.key];
    return value === undefined ? [] : shortText(setting, value, several);
  }).join(", ");
}

const shortNames = (ids: readonly string[]): string => ids.map(encoderShort).join(" + ");

/** A live change in a few letters, for a mark on a chart: "λ 0.8, depth 3". */
export const changeText = (change: ControlChange): string => textOf(change, shortNames);

/** So many changes are listed; more would fill the screen. */
const LISTED_CHANGES = 12;

/** Changes with their steps, in order: "λ 0.8 at 100; depth 3 at 250". */
export function timelineText(timeline: readonly TimelineEntry[]): string {
  const changes = liveChanges(timeline);
  const listed = changes
    .slice(0, LISTED_CHANGES)
    .map(({ step, change }) => `${changeText(change)} at ${step}`);
  const more = changes.length - listed.length;
  return [...listed, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

/** `changeText` where there is little room, on a chart: several encoders are counted. */
export const markText = (change: ControlChange): string =>
  textOf(change, (ids) => (ids.length > 1 ? `${ids.length} encoders` : shortNames(ids)));

const DIFFERENCES = new WeakMap<
  Experiment,
  { readonly of: string; readonly texts: readonly string[] }
>();

/**
 * Settings in which a run differs from its preset, a text each: "λ 0.5 → 0", "seed 1"; then its live changes. Remembered:
 * lists of hundreds of runs and the charts of a run that trains ask for it again and again.
 */
function differenceTexts(run: Omit<NamedRun, "id">): readonly string[] {
  const of = `${run.name} ${JSON.stringify(run.timeline)}`;
  const known = DIFFERENCES.get(run.experiment);
  if (known?.of === of) return known.texts;
  const texts = readDifferences(run);
  DIFFERENCES.set(run.experiment, { of, texts });
  return texts;
}

function readDifferences({ name, experiment, timeline }: Omit<NamedRun, "id">): readonly string[] {
  const preset = nearestPreset(experiment, name);
  const found = preset
    ? differences(withAllImages(preset.experiment), withAllImages(experiment))
    : [];
  const settings = found.map(({ setting, from, to }) =>
    setting.path === "optimizer.seed"
      ? `seed ${valueText(setting, to)}`
      : changedText(setting, from, to),
  );
  const changes = liveChanges(timeline);
  return changes.length > 0 ? [...settings, timelineText(changes)] : settings;
}

/** One setting and its change: "λ 0.5 → 0". */
export function changedText(
  setting: Setting,
  from: SettingValue | undefined,
  to: SettingValue | undefined,
): string {
  const label = setting.info.short ?? setting.info.label;
  return `${label} ${briefText(setting, from)} → ${briefText(setting, to)}`;
}

const briefText = (setting: Setting, value: SettingValue | undefined): string =>
  Array.isArray(value) ? shortNames(value) : valueText(setting, value);

/** In what a run differs from its preset, in one line. */
export const runDifferences = (
  name: string,
  experiment: Experiment,
  timeline: readonly TimelineEntry[],
): string => differenceTexts({ name, experiment, timeline }).join(", ");

/** A legend has room for so many. */
const LABELLED = 3;

/** A run as legends name it: with its settings where another of the runs has the same name. */
export function runLabel(run: NamedRun, all: readonly NamedRun[]): string {
  if (!all.some((other) => other.id !== run.id && other.name === run.name)) return run.name;
  const texts = differenceTexts(run);
  const more = texts.length - LABELLED;
  const listed = [...texts.slice(0, LABELLED), ...(more > 0 ? [`and ${more} more`] : [])];
  return `${run.name}, ${texts.length === 0 ? "as the preset" : listed.join(", ")}`;
}

interface NamedRun {
  readonly id: string;
  readonly name: string;
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
}

export interface PhaseLook {
  readonly text: string;
  readonly color: string;
  /** Something is going on: the dot pulses. */
  readonly busy: boolean;
}

export const PHASES: Readonly<Record<RunStatus, PhaseLook>> = {
  idle: { text: "Ready", color: "gray", busy: false },
  elsewhere: { text: "Runs in another tab", color: "blue", busy: true },
  caching: { text: "Preparing caches", color: "blue", busy: true },
  loading: { text: "Loading", color: "blue", busy: true },
  compiling: { text: "First step", color: "blue", busy: true },
  training: { text: "Training", color: "teal", busy: true },
  evaluating: { text: "Evaluating", color: "violet", busy: true },
  paused: { text: "Paused", color: "yellow", busy: false },
  finished: { text: "Finished", color: "teal", busy: false },
  stopped: { text: "Stopped", color: "gray", busy: false },
  failed: { text: "Failed", color: "red", busy: false },
  unknown: { text: "Unknown", color: "gray", busy: false },
};

/** First word of a class name, for a caption under a tile: "Smileys & Emotion" -> "Smileys". */
export const shortClassName = (classNames: readonly string[], label: number): string =>
  classNames[label]?.split(/[\s&]+/)[0] ?? `class ${label}`;
