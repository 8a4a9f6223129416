import { liveChanges } from "../../common/config/imageEntries";
import { withoutSeed } from "../../common/config/differences";
import type { Experiment, TimelineEntry } from "../../common/config/experiment";
import type { DeviceReport } from "../../common/protocol/shared";
import type { MetricsState } from "./metricsSlice";
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

/** The runs drawn beside the open one, oldest first. Nothing changes while the open one trains. */
export const selectBeside = remembered(
  ({ data, runs, run, deletions }) => [data.runs, runs.curves, run.runId, deletions],
  ({ data, runs, run, deletions }): readonly FigureRun[] =>
    data.runs
      .flatMap(({ id, name, look, experiment, timeline, device }) => {
        const curves = runs.curves[id];
        const isDeleted = deletions.some(({ kind, key }) => kind === "run" && key === id);
        if (!look.shown || id === run.runId || !curves || isDeleted) return [];
        const { log, extremes, metrics } = curves;
        const seen = { color: runColor(look.color), dashed: isDashed(look.color) };
        return [{ id, name, ...seen, experiment, timeline, device, log, extremes, metrics }];
      })
      .reverse(),
);

const FIRST_LOOK = { color: 0, shown: true } as const;

/** How the open run is shown; the first colour until its record is listed. */
const lookOf = ({ data, run }: Pick<StudioState, "data" | "run">) =>
  data.runs.find(({ id }) => id === run.runId)?.look ?? FIRST_LOOK;

export const selectOpenColor = (state: StudioState): string => runColor(lookOf(state).color);

/** The open run as figures draw it, or null when there is none or its eye is shut. */
export const selectOpenRun = remembered(
  (state) => [state.run.log, state.metrics, state.run.timeline, state.run.name, lookOf(state)],
  (state): FigureRun | null => {
    const { run, metrics } = state;
    const look = lookOf(state);
    if (run.runId === null || run.experiment === null || !look.shown) return null;
    return {
      ...{ id: run.runId, name: run.name, color: runColor(look.color) },
      ...{ dashed: isDashed(look.color), experiment: run.experiment, timeline: run.timeline },
      ...{ log: run.log, extremes: null, metrics, device: run.device },
    };
  },
);

/** Runs that are one but for their seeds, or a run alone. */
export interface FigureGroup {
  readonly key: string;
  readonly name: string;
  readonly color: string;
  readonly dashed: boolean;
  readonly runs: readonly FigureRun[];
}

/** One group a run, or one for all runs that differ in the seed alone; in the order of their first runs. */
export function groupsOf(runs: readonly FigureRun[], foldSeeds: boolean): readonly FigureGroup[] {
  const groups = new Map<string, FigureRun[]>();
  for (const run of runs) {
    const key = foldSeeds
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
    const named = members.length > 1 ? `${name}: mean of ${members.length} seeds` : name;
    return [{ key: id, name: named, color, dashed, runs: members }];
  });
}
