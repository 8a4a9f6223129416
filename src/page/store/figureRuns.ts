import { shallow } from "zustand/shallow";
import { liveChanges } from "../../common/config/imageEntries";
import { withoutSeed } from "../../common/config/differences";
import type { Experiment, TimelineEntry } from "../../common/config/experiment";
import type { ForkedSetting } from "../../common/config/forks";
import type { DeviceReport } from "../../common/protocol/shared";
import type { StoredRun } from "./dataSlice";
import type { MetricsState } from "./metricsSlice";
import { forksOf } from "./forks";
import { isDashed, runColor } from "./runColors";
import type { StepLog } from "./stepLog";
import type { StudioState } from "./studioStore";

/** A run as figures draw it. */
export interface FigureRun {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly dashed: boolean;
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
  readonly log: StepLog;
  /** Lowest and highest values between the steps of a thinned log, in turn; null where the log has every step. */
  readonly extremes: StepLog | null;
  readonly metrics: MetricsState;
  readonly device: DeviceReport | null;
  /** Of a fork: where its curves begin. */
  readonly forkedFrom: ForkedFrom | null;
  /** The step that an axis relative to forks begins at. */
  readonly since: number;
}

/** A point of another run's curves. */
export interface ForkedFrom {
  /** After so many steps. */
  readonly step: number;
  /** In what the fork then differs. */
  readonly change: readonly ForkedSetting[];
  /** Null while its curves are not read, and where it is deleted. */
  readonly run: Pick<FigureRun, "id" | "log" | "metrics" | "experiment" | "forkedFrom"> | null;
}

type Deps = readonly unknown[];

/** `make` again only when one of `deps(state)` is another: a component may then compare results. */
function remembered<R>(deps: (state: StudioState) => Deps, make: (state: StudioState) => R) {
  let last: { readonly deps: Deps; readonly result: R } | undefined;
  return (state: StudioState): R => {
    const now = deps(state);
    if (!last || now.some((one, i) => one !== last?.deps[i])) {
      last = { deps: now, result: make(state) };
    }
    return last.result;
  };
}

type Curved = Pick<StudioState, "data" | "runs" | "run" | "metrics">;

const NO_CHANGE: readonly ForkedSetting[] = [];

/** Where a fork's curves begin; as far as its ancestors' curves are read. */
function forkedFrom(state: Curved, parent: StoredRun["parent"]): ForkedFrom | null {
  if (!parent) return null;
  const { runId, step, change = NO_CHANGE } = parent;
  const listed = state.data.runs.find(({ id }) => id === runId);
  const curves = curvesOf(state, runId);
  const experiment = listed?.experiment;
  if (!curves || !experiment) return { step, change, run: null };
  const { log, metrics } = curves;
  const run = { id: runId, log, metrics, experiment };
  return { step, change, run: { ...run, forkedFrom: forkedFrom(state, listed.parent) } };
}

/** The open run's own curves, or those that were read. Up to a fork's step neither changes. */
const curvesOf = ({ runs, run, metrics }: Curved, runId: string) =>
  runId === run.runId ? { log: run.log, metrics } : runs.curves[runId];

/**
 * The step an axis relative to forks begins at: a fork's own, and that of a run's forks for the run. Of several the open
 * run's counts, else the earliest.
 */
function sinceOf({ data, run }: Curved, id: string): number {
  const own = data.runs.find((one) => one.id === id)?.parent?.step;
  if (own !== undefined) return own;
  const forks = forksOf(data.runs, id).filter((fork) => fork.look.shown || fork.id === run.runId);
  const open = forks.find((fork) => fork.id === run.runId);
  const steps = (open ? [open] : forks).map(({ parent }) => parent?.step ?? 0);
  return steps.length > 0 ? Math.min(...steps) : 0;
}

/** Whether figures draw a fork. */
export const selectDrawsFork = ({ data }: StudioState): boolean =>
  data.runs.some(({ parent, look }) => parent !== null && look.shown);

/** Whether two readings of a fork's origin draw the same; runs and their curves are compared by identity. */
function sameOrigin(a: ForkedFrom | null, b: ForkedFrom | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.step !== b.step || a.change !== b.change) return false;
  if (a.run === null || b.run === null) return a.run === b.run;
  const origin = sameOrigin(a.run.forkedFrom, b.run.forkedFrom) ? a.run.forkedFrom : undefined;
  return shallow(a.run, { ...b.run, forkedFrom: origin });
}

/** Runs as they were read last, each the same object until something of it is other: what is drawn of it stays drawn. */
function keptRuns() {
  let last: readonly FigureRun[] = [];
  return (runs: readonly FigureRun[]): readonly FigureRun[] => {
    const kept = runs.map((run) => {
      const before = last.find(({ id }) => id === run.id);
      if (!before || !sameOrigin(before.forkedFrom, run.forkedFrom)) return run;
      return shallow(before, { ...run, forkedFrom: before.forkedFrom }) ? before : run;
    });
    last = shallow(last, kept) ? last : kept;
    return last;
  };
}

const keepBeside = keptRuns();

/** The runs drawn beside the open one, oldest first. Nothing changes while the open one trains. */
export const selectBeside = remembered(
  ({ data, runs, run, deletions }) => [data.runs, runs.curves, run.runId, deletions],
  (state): readonly FigureRun[] => {
    const { data, runs, run, deletions } = state;
    const beside = data.runs
      .flatMap(({ id, name, look, experiment, timeline, device, parent }) => {
        const curves = runs.curves[id];
        const isDeleted = deletions.some(({ kind, key }) => kind === "run" && key === id);
        if (!look.shown || id === run.runId || !curves || isDeleted) return [];
        const { log, extremes, metrics } = curves;
        const seen = { color: runColor(look.color), dashed: isDashed(look.color) };
        const origin = { forkedFrom: forkedFrom(state, parent), since: sinceOf(state, id) };
        const shown = { id, name, ...seen, experiment, timeline, device };
        return [{ ...shown, log, extremes, metrics, ...origin }];
      })
      .reverse();
    return keepBeside(beside);
  },
);

const FIRST_LOOK = { color: 0, shown: true } as const;

const openRecord = ({ data, run }: Pick<StudioState, "data" | "run">) =>
  data.runs.find(({ id }) => id === run.runId);

/** How the open run is shown; the first colour until its record is listed. */
const lookOf = (state: Pick<StudioState, "data" | "run">) => openRecord(state)?.look ?? FIRST_LOOK;

export const selectOpenColor = (state: StudioState): string => runColor(lookOf(state).color);

const selectOpenOrigin = remembered(
  ({ data, runs, run }) => [data.runs, runs.curves, run.runId],
  (state) => ({
    forkedFrom: forkedFrom(state, openRecord(state)?.parent ?? null),
    since: state.run.runId === null ? 0 : sinceOf(state, state.run.runId),
  }),
);

/** What of the open run, drawn or not, its places and averages follow from; the edited experiment's before any run. */
export const selectLead = remembered(
  (state) => [state.run.log, state.run.experiment, state.experiment.value, selectOpenOrigin(state)],
  (state) => ({
    log: state.run.log,
    experiment: state.run.experiment ?? state.experiment.value,
    ...selectOpenOrigin(state),
  }),
);
export type LeadRun = ReturnType<typeof selectLead>;

/** The open run as figures draw it, or null when there is none or its eye is shut. */
export const selectOpenRun = remembered(
  (state) => [
    ...[state.run.log, state.metrics, state.run.timeline, state.run.name],
    ...[lookOf(state), selectOpenOrigin(state)],
  ],
  (state): FigureRun | null => {
    const { run, metrics } = state;
    const look = lookOf(state);
    if (run.runId === null || run.experiment === null || !look.shown) return null;
    return {
      ...{ id: run.runId, name: run.name, color: runColor(look.color) },
      ...{ dashed: isDashed(look.color), experiment: run.experiment, timeline: run.timeline },
      ...{ log: run.log, extremes: null, metrics, device: run.device },
      ...selectOpenOrigin(state),
    };
  },
);

/** Runs that are one but for their seeds, or a run alone. */
export interface FigureGroup {
  readonly key: string;
  readonly name: string;
  /** The name without how many runs it is of. */
  readonly label: string;
  readonly color: string;
  readonly dashed: boolean;
  readonly runs: readonly FigureRun[];
}

/** What a group is called, in full and without the number of its runs. */
export const groupNames = (label: string, { length }: readonly FigureRun[]) => ({
  label,
  name: length > 1 ? `${label}: mean of ${length} seeds` : label,
});

/**
 * One group a run, or one for all runs that differ in the seed alone; in the order of their first runs. A fork is no repetition
 * of another run: it stays alone.
 */
export function groupsOf(runs: readonly FigureRun[], foldSeeds: boolean): readonly FigureGroup[] {
  const groups = new Map<string, FigureRun[]>();
  for (const run of runs) {
    const key =
      foldSeeds && run.forkedFrom === null
        ? withoutSeed(run.experiment) + JSON.stringify(liveChanges(run.timeline))
        : run.id;
    const group = groups.get(key);
    if (group) group.push(run);
    else groups.set(key, [run]);
  }
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (!first) return [];
    const { id, name, color, dashed } = first;
    return [{ key: id, ...groupNames(name, members), color, dashed, runs: members }];
  });
}
