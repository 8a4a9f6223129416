import type { Measurement } from "../../common/protocol/trainer";
import type { SeriesRecord } from "../../common/storage/db";
import { columnsOf } from "../../common/storage/stepRows";
import { initialMetrics, recordMeasurement, type MetricsState } from "./metricsSlice";
import type { SetPart } from "./setPart";
import { appendSteps, emptyStepLog, stepLogOf, type StepLog } from "./stepLog";

/** What figures draw of a run that is not the open one. */
export interface RunCurves {
  readonly runId: string;
  /** Of the record these were read with: older ones are read again. */
  readonly updatedAtMs: number;
  /** Thinned: its steps are the multiples of a power of two. */
  readonly log: StepLog;
  /** Lowest and highest values between the steps of `log`, in turn; null where it has every step. */
  readonly extremes: StepLog | null;
  readonly metrics: MetricsState;
  /** Steps of which there are samples. */
  readonly gridSteps: readonly number[];
}

/** The order of the list of runs. */
export const RUN_ORDERS = ["newest", "name", "kid", "cknna"] as const;
export type RunOrder = (typeof RUN_ORDERS)[number];

export interface RunsState {
  readonly curves: Readonly<Record<string, RunCurves>>;
  readonly order: RunOrder;
  /** What a run's name or settings must contain; empty lists all. */
  readonly filter: string;
  /** Runs that differ in the seed alone are one line in the list and in figures: their mean and range. */
  readonly foldSeeds: boolean;
}

export interface RunsSlice {
  readonly runs: RunsState;
  readonly setCurves: (curves: RunCurves) => void;
  /** Forgets the curves of runs that are not drawn. */
  readonly keepCurves: (runIds: ReadonlySet<string>) => void;
  readonly arrangeRuns: (
    change: Partial<Pick<RunsState, "order" | "filter" | "foldSeeds">>,
  ) => void;
}

export const initialRuns: RunsState = {
  curves: {},
  order: "newest",
  filter: "",
  foldSeeds: false,
};

/** Curves of what storage holds of a run. */
export const curvesOf = (
  { runId, updatedAtMs }: Pick<RunCurves, "runId" | "updatedAtMs">,
  { points, extremes }: Pick<SeriesRecord, "points" | "extremes">,
  measurements: readonly Measurement[],
  gridSteps: readonly number[],
): RunCurves => ({
  ...{ runId, updatedAtMs, gridSteps },
  log: appendSteps(emptyStepLog(), points),
  extremes: extremes ? stepLogOf(columnsOf(extremes)) : null,
  metrics: measurements.reduce(recordMeasurement, initialMetrics),
});

export const createRunsSlice = (set: SetPart<Pick<RunsSlice, "runs">>): RunsSlice => ({
  runs: initialRuns,
  setCurves: (curves) =>
    set(({ runs }) => ({
      runs: { ...runs, curves: { ...runs.curves, [curves.runId]: curves } },
    })),
  keepCurves: (runIds) =>
    set(({ runs }) => {
      const kept = Object.entries(runs.curves).filter(([id]) => runIds.has(id));
      return kept.length === Object.keys(runs.curves).length
        ? {}
        : { runs: { ...runs, curves: Object.fromEntries(kept) } };
    }),
  arrangeRuns: (change) => set(({ runs }) => ({ runs: { ...runs, ...change } })),
});
