import { z } from "zod";
import { alignmentAt, ControlChange, Experiment, type TimelineEntry } from "./experiment";
import { differing } from "./liveChange";
import { hasNullLabel } from "./nullLabel";
import { sameValue } from "./nonDefaults";
import { groupInfoOf, GROUPS, keepsResult, SETTINGS, settingValue, type Setting } from "./settings";
import { validateExperiment, type ConfigIssue } from "./validate";

/**
 * A fork is a run that begins from a checkpoint of another run, its parent, with some settings changed. What is here says
 * which settings these can be, and what experiment and timeline a fork has.
 */

/** Files of results carry these texts: far above any real one. */
const text = z.string().max(200);
const Value = z.union([text, z.number(), z.boolean(), z.null(), z.array(text).max(100)]);
/** A setting that a fork has otherwise than its parent went on with. */
export const ForkedSetting = z.object({
  /** `group.key`, as the version that made the fork named it. */
  path: text,
  from: Value,
  to: Value,
});
export type ForkedSetting = z.infer<typeof ForkedSetting>;

/** What of a run its forks are made from. */
export interface Repeatable {
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
}

/** Where a fork begins. */
export interface ForkPoint {
  /** Steps taken by the checkpoint; 0 is the run's start, which needs none. */
  readonly step: number;
  /** The parent's live change that the fork is without, and with it all later ones. */
  readonly before?: TimelineEntry | undefined;
}

export interface Fork extends Repeatable {
  /** In what it differs from its parent, from the first step on that can be another. */
  readonly change: readonly ForkedSetting[];
  /** Whether the change is the timeline's alone: experiment and timeline then repeat the fork from the parent's start. */
  readonly inTimeline: boolean;
}

/** Why a fork keeps its parent's value of a setting; null where it may have another. */
export const fixedInFork = ({ group, info }: Setting): string | null =>
  groupInfoOf(group).fixedInFork ?? info.fixedInFork ?? null;

/** The first step that a fork can take otherwise than its parent. */
export const firstOwnStep = ({ step, before }: ForkPoint): number => before?.step ?? step + 1;

const isSame = (a: TimelineEntry, b: TimelineEntry) => JSON.stringify(a) === JSON.stringify(b);

/**
 * The parent's changes that a fork has as well: up to the first step that can be another, or up to the change it is without.
 * Which images came in when is kept whole: later batches follow from it.
 */
export function inheritedTimeline(
  timeline: readonly TimelineEntry[],
  point: ForkPoint,
): readonly TimelineEntry[] {
  const { before } = point;
  const end = before
    ? timeline.findLastIndex((entry) => isSame(entry, before))
    : timeline.findLastIndex(({ step }) => step <= firstOwnStep(point)) + 1;
  return timeline.flatMap((entry, place): TimelineEntry[] => {
    if (place < end) return [entry];
    return entry.images === undefined ? [] : [{ ...entry, change: {} }];
  });
}

/** The settings a fork begins with when nothing is changed: the parent's, with the live changes that it inherits. */
export const unchangedFork = (parent: Repeatable, point: ForkPoint): Experiment => ({
  ...parent.experiment,
  alignment: alignmentAt(
    parent.experiment,
    inheritedTimeline(parent.timeline, point),
    firstOwnStep(point),
  ),
});

/**
 * The experiment and timeline of a fork. Live settings become an entry of its timeline; the others hold for its own steps
 * alone, so they cannot be told in a timeline.
 * @param wanted the settings it is to have from its first own step on; those that are fixed stay the parent's
 */
export function forkOf(parent: Repeatable, point: ForkPoint, wanted: Experiment): Fork {
  const at = firstOwnStep(point);
  const inherited = inheritedTimeline(parent.timeline, point);
  const alignment = alignmentAt(parent.experiment, inherited, at);
  const change = differing(alignment, liveValues(wanted.alignment));
  const timeline = change
    ? [...inherited, { step: at, change }].sort((a, b) => a.step - b.step)
    : inherited;
  const experiment = withFreeSettings(parent.experiment, wanted);
  const was = {
    ...parent.experiment,
    alignment: alignmentAt(parent.experiment, parent.timeline, at),
  };
  const is = { ...experiment, alignment: alignmentAt(experiment, timeline, at) };
  const changed = SETTINGS.filter(
    (setting) => !sameValue(settingValue(was, setting), settingValue(is, setting)),
  );
  return {
    ...{ experiment, timeline },
    change: changed.map((setting) =>
      ForkedSetting.parse({
        path: setting.path,
        from: settingValue(was, setting),
        to: settingValue(is, setting),
      }),
    ),
    inTimeline: changed.every((setting) => !changesTraining(setting, experiment)),
  };
}

/** The live settings of an alignment, as a change. */
const liveValues = (alignment: Experiment["alignment"]): ControlChange =>
  ControlChange.strip().parse(alignment);

/** `parent` with the values of `wanted` where a fork may have others, but for live settings: those stand in its timeline. */
function withFreeSettings(parent: Experiment, wanted: Experiment): Experiment {
  const valueOf = (setting: Setting) => {
    const isFree = fixedInFork(setting) === null && setting.info.live !== true;
    return settingValue(isFree ? wanted : parent, setting);
  };
  const groups = GROUPS.map((group) => {
    const own = SETTINGS.filter((setting) => setting.group === group);
    return [group, Object.fromEntries(own.map((setting) => [setting.key, valueOf(setting)]))];
  });
  return Experiment.parse(Object.fromEntries(groups));
}

/** Whether a setting that is not in the timeline decides what the weights become. */
const changesTraining = (setting: Setting, experiment: Experiment): boolean =>
  setting.info.live !== true &&
  setting.group !== "sampling" &&
  setting.group !== "evaluation" &&
  setting.path !== "optimizer.steps" &&
  !keepsResult(setting, experiment);

/** What keeps a fork from being trained, by setting; empty when nothing does. */
export function forkIssues(
  parent: Repeatable,
  { step }: ForkPoint,
  fork: Repeatable,
): readonly ConfigIssue[] {
  const { steps } = fork.experiment.optimizer;
  const tooShort = {
    path: "optimizer.steps",
    message: `The fork begins after step ${step}: it needs more than ${step} steps, and has ${steps}.`,
  };
  const otherTable = {
    path: "optimizer.labelDrop",
    message: hasNullLabel(parent.experiment)
      ? "The checkpoint has a null label: the label drop must stay above 0."
      : "The checkpoint has no null label: the label drop must stay 0.",
  };
  return [
    ...validateExperiment(fork.experiment, fork.timeline),
    ...(steps <= step ? [tooShort] : []),
    ...(hasNullLabel(parent.experiment) === hasNullLabel(fork.experiment) ? [] : [otherTable]),
  ];
}
