import type { Experiment, TimelineEntry } from "../../../common/config/experiment";
import {
  firstOwnStep,
  forkIssues,
  forkOf,
  unchangedFork,
  type ForkPoint,
  type Repeatable,
} from "../../../common/config/forks";
import { liveChanges } from "../../../common/config/imageEntries";
import type { ConfigIssue } from "../../../common/config/validate";
import { settingAt, settingValue } from "../../../common/config/settings";
import type { KeptCheckpoint, StoredRun } from "../../store/dataSlice";
import { createStudioStore, type StudioStore } from "../../store/studioStore";

/** Where the dialog's fork can begin, the newest first; the start, as step 0, where it needs no checkpoint. */
export function beginnings(
  { checkpoints, parent }: Pick<StoredRun, "checkpoints" | "parent">,
  before: TimelineEntry | null,
): readonly (Pick<KeptCheckpoint, "step"> & Partial<KeptCheckpoint>)[] {
  const within = checkpoints.filter(({ step }) => before === null || step < before.step);
  const fromStart = parent && parent.step > 0 ? [] : [{ step: 0 }];
  return [...[...within].reverse(), ...fromStart];
}

/**
 * A store of its own for the form of a fork: it begins with the parent's settings, as they were in force, and measures
 * changes against them. A run that was at its end is to train as long again.
 * @param changed a draft for another beginning, whose changes are taken over
 */
export function createDraft(
  parent: Repeatable,
  point: ForkPoint,
  changed?: StudioStore,
): StudioStore {
  const draft = createStudioStore(withStepsLeft(unchangedFork(parent, point), point));
  const before = changed?.getState().experiment;
  for (const path of before?.changed ?? []) {
    const setting = settingAt(path);
    const value = setting && before && settingValue(before.value, setting);
    if (setting && value !== undefined)
      draft.getState().setField(setting.group, setting.key, value);
  }
  return draft;
}

function withStepsLeft(experiment: Experiment, { step }: ForkPoint): Experiment {
  const { optimizer } = experiment;
  if (optimizer.steps > step) return experiment;
  return { ...experiment, optimizer: { ...optimizer, steps: step + optimizer.steps } };
}

/** What keeps the draft from being forked: what was typed wrongly first. */
export function draftIssues(
  parent: Repeatable,
  point: ForkPoint,
  { value, errors }: ReturnType<StudioStore["getState"]>["experiment"],
): readonly ConfigIssue[] {
  const typed = Object.entries(errors).map(([path, message]) => ({ path, message }));
  return [...typed, ...forkIssues(parent, point, forkOf(parent, point, value))];
}

/** The parent's live changes that a fork leaves out: those after its first own step, and the one it is without. */
export function leftOut({ timeline }: Repeatable, point: ForkPoint): readonly TimelineEntry[] {
  const at = firstOwnStep(point);
  const first = point.before ? timeline.indexOf(point.before) : -1;
  return liveChanges(timeline.filter((entry, i) => (first >= 0 ? i >= first : entry.step > at)));
}
