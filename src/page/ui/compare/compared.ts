import { alignmentAt } from "../../../common/config/experiment";
import { liveChanges } from "../../../common/config/imageEntries";
import { differingSettings } from "../../../common/config/differences";
import { settingValue } from "../../../common/config/settings";
import type { SampleQuality } from "../../../common/protocol/trainer";
import type { FigureGroup, FigureRun } from "../../store/figureRuns";
import { lastStep } from "../../store/stepLog";
import { placeOf } from "../charts/runAxis";
import { timelineText, valueText } from "../explain/names";

/** Pure parts of the Compare view: what is set side by side, and how it is read. */

/** Groups beyond these are not compared: a table has columns for so many. */
export const MOST_COMPARED = 6;

const isVanilla = ({ runs }: FigureGroup): boolean =>
  runs.every(({ experiment }) => experiment.alignment.projCoeff === 0);

/**
 * The newest of the drawn groups; that of a run that was asked for is among them. Those without alignment come first: the
 * first is what the others are measured against.
 */
export function comparedOf(
  drawn: readonly FigureGroup[],
  lookedAt: string | null,
): readonly FigureGroup[] {
  const newest = drawn.slice(-MOST_COMPARED);
  const asked = drawn.find(({ runs }) => runs.some(({ id }) => id === lookedAt));
  const kept = !asked || newest.includes(asked) ? newest : [asked, ...newest.slice(1)];
  return [...kept.filter(isVanilla), ...kept.filter((group) => !isVanilla(group))];
}

/** A setting in which the runs differ, with its unit, and the text of each run. */
export interface SettingRow {
  readonly label: string;
  readonly unit: string;
  readonly values: readonly string[];
}

/** Only what differs; live changes too, as they are settings that a run had at some of its steps. */
export function settingRows(runs: readonly FigureRun[]): readonly SettingRow[] {
  const rows = differingSettings(runs.map(({ experiment }) => experiment)).map((setting) => ({
    label: setting.info.label,
    unit: setting.info.unit,
    values: runs.map(({ experiment }) => valueText(setting, settingValue(experiment, setting))),
  }));
  const changes = runs.map(({ timeline }) => timelineText(liveChanges(timeline)) || "none");
  return new Set(changes).size > 1
    ? [...rows, { label: "Live changes", unit: "", values: changes }]
    : rows;
}

/** A number with the half of its interval, where it has one. */
export interface Figure {
  readonly value: number;
  readonly half: number | null;
  /** The step it is of. */
  readonly step: number;
}

export interface FigureLine {
  readonly label: string;
  readonly better: "lower" | "higher";
  /** By run; null where nothing was measured. */
  readonly figures: readonly (Figure | null)[];
}

/** At which step of each run figures are read. */
export type Reading =
  /** The last that all of them measured. */
  | "step"
  /** The last measured by the time the quickest of them had ended. */
  | "time";

const measuredSteps = ({ metrics }: FigureRun): readonly number[] => [
  ...new Set(metrics.sampleQuality.map(({ step }) => step)),
];

/** The last step at which all runs have sample figures; null where there is none. */
export function commonStep(runs: readonly FigureRun[]): number | null {
  const [first, ...others] = runs.map(measuredSteps);
  return first?.findLast((step) => others.every((steps) => steps.includes(step))) ?? null;
}

/** Seconds of training that every run has had. */
export const commonSeconds = (runs: readonly FigureRun[]): number =>
  Math.min(...runs.map((run) => placeOf("time", run, Math.max(0, lastStep(run.log)))));

/** The step each run is read at; null where it has measured nothing by then. */
function readingSteps(
  runs: readonly FigureRun[],
  reading: Reading,
  secondsOf: (run: FigureRun) => number,
): readonly (number | null)[] {
  if (reading === "step") {
    const step = commonStep(runs);
    return runs.map(() => step);
  }
  return runs.map((run) => {
    const seconds = secondsOf(run);
    return measuredSteps(run).findLast((step) => placeOf("time", run, step) <= seconds) ?? null;
  });
}

/** The space that all runs are measured in: the newest of the first. */
export const commonSpace = (runs: readonly FigureRun[]): string | undefined =>
  runs[0]?.metrics.sampleQuality.at(-1)?.space;

const qualityAt = (
  { metrics }: FigureRun,
  step: number | null,
  space: string | undefined,
): SampleQuality | undefined =>
  metrics.sampleQuality.find((m) => m.step === step && m.space === space);

/** CKNNA of the block that was aligned at that step, or would have been. */
function cknnaAt({ metrics, experiment, timeline }: FigureRun, step: number | null) {
  const measured = metrics.layerAlignment.find((m) => m.step === step);
  if (!measured || step === null) return null;
  const { encoderDepth } = alignmentAt(experiment, timeline, step);
  const value = measured.cknna[encoderDepth - 1];
  return value === undefined ? null : { value, half: null, step };
}

/**
 * KID, Fréchet distance and CKNNA of every run, read at one step or after one time.
 * @param secondsOf the time of training a run is read after; absent, what all of them have had
 */
export function figureLines(
  runs: readonly FigureRun[],
  reading: Reading,
  secondsOf?: (run: FigureRun) => number,
): readonly FigureLine[] {
  const common = commonSeconds(runs);
  const steps = readingSteps(runs, reading, secondsOf ?? (() => common));
  const space = commonSpace(runs);
  const of = (value: (m: SampleQuality) => number, half: (m: SampleQuality) => number | null) =>
    runs.map((run, i): Figure | null => {
      const m = qualityAt(run, steps[i] ?? null, space);
      return m ? { value: value(m), half: half(m), step: m.step } : null;
    });
  return [
    {
      label: "KID × 1000",
      better: "lower",
      figures: of(
        (m) => m.kid,
        (m) => (m.kidHigh - m.kidLow) / 2,
      ),
    },
    {
      label: "Fréchet, top PCs",
      better: "lower",
      figures: of(
        (m) => m.frechetTop,
        () => null,
      ),
    },
    {
      label: "CKNNA, aligned block",
      better: "higher",
      figures: runs.map((run, i) => cknnaAt(run, steps[i] ?? null)),
    },
  ];
}

/** The difference to the first run, with the interval of two measurements that know nothing of each other. */
export function differenceTo(first: Figure, other: Figure): { value: number; half: number | null } {
  const value = other.value - first.value;
  if (first.half === null || other.half === null) return { value, half: null };
  return { value, half: Math.hypot(first.half, other.half) };
}

/** When a run's KID fell below a value: between which measurements, and where a straight line between them is. */
export interface Crossing {
  readonly after: number;
  readonly by: number;
  readonly at: number;
}

/** The first time KID falls to `bound` or below; null when it has not. A run that began below it did so by its first measurement. */
export function crossingOf(
  { metrics }: FigureRun,
  space: string | undefined,
  bound: number,
): Crossing | null {
  const measured = metrics.sampleQuality.filter((m) => m.space === space);
  const below = measured.findIndex(({ kid }) => kid <= bound);
  const next = measured[below];
  if (!next) return null;
  const before = measured[below - 1];
  if (!before) return { after: 0, by: next.step, at: next.step };
  const share = (before.kid - bound) / (before.kid - next.kid);
  return {
    after: before.step,
    by: next.step,
    at: before.step + share * (next.step - before.step),
  };
}

/** How many times sooner than the first run, and what the neighbouring measurements allow for. */
export function speedUp(
  first: Crossing,
  other: Crossing,
): { readonly times: number; readonly low: number; readonly high: number } {
  return {
    times: first.at / other.at,
    low: first.after / other.by,
    high: other.after > 0 ? first.by / other.after : Infinity,
  };
}
