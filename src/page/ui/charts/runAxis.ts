import {
  firstIndexAtOrAfter,
  lastStep,
  nearestIndex,
  stepAt,
  type StepLog,
} from "../../store/stepLog";
import type { XMode, XRange } from "../../store/viewSlice";
import { linearTicks, logScale, type Scale } from "./scale";

/** What of a run its place on the axis across follows from. */
export interface AxisRun {
  readonly log: StepLog;
  readonly experiment: { readonly optimizer: { readonly batchSize: number } };
  /** Of a fork: the run, as far as it is known, and the step its own steps follow. */
  readonly forkedFrom: {
    readonly step: number;
    readonly run: Omit<AxisRun, "since"> | null;
  } | null;
  /** The step that an axis relative to forks begins at. */
  readonly since: number;
}
type TimedRun = Omit<AxisRun, "since">;

/** What each axis across has, in words. */
export const ACROSS: Readonly<Record<XMode, string>> = {
  step: "training step",
  images: "images seen",
  time: "seconds of training",
  fork: "steps since the fork",
};

/** The axis across of charts over steps. */
export interface RunAxis {
  readonly mode: XMode;
  readonly log: boolean;
  readonly scale: Scale;
}

const ELAPSED = new WeakMap<
  StepLog,
  { readonly from: AxisRun["forkedFrom"]; readonly seconds: Float64Array }
>();

/** Where a run's own steps begin: at its start, or in its parent. */
function begin({ forkedFrom }: TimedRun): { readonly step: number; readonly seconds: number } {
  if (!forkedFrom?.run) return { step: 0, seconds: 0 }; // a parent that is not known took as long as the first step here
  const { step, run } = forkedFrom;
  return { step, seconds: secondsAt(run, step) };
}

/** Seconds of training up to each logged step. Between points of a thinned log all steps take as long as the later one. */
function elapsed(run: TimedRun): Float64Array {
  const { log, forkedFrom } = run;
  const known = ELAPSED.get(log);
  if (known?.from === forkedFrom) return known.seconds;
  const { step, stepMs } = log.columns;
  const seconds = new Float64Array(log.length);
  const start = begin(run);
  let [before, sum] = [start.step, start.seconds];
  for (let index = 0; index < log.length; index++) {
    const at = step[index] ?? 0;
    sum += ((stepMs[index] ?? 0) * (at - before)) / 1000;
    before = at;
    seconds[index] = sum;
  }
  ELAPSED.set(log, { from: forkedFrom, seconds });
  return seconds;
}

/** Seconds of training up to a step, that of an ancestor too. */
function secondsAt(run: TimedRun, step: number): number {
  const { log, forkedFrom } = run;
  if (forkedFrom?.run && step <= forkedFrom.step) return secondsAt(forkedFrom.run, step);
  if (log.length === 0) return begin(run).seconds;
  return elapsed(run)[nearestIndex(log, step)] ?? 0;
}

/** Where a step of a run is: the step itself, images seen up to it, or seconds its steps had taken, evaluations not counted. */
export function placeOf(mode: XMode, run: AxisRun, step: number): number {
  switch (mode) {
    case "step":
      return step;
    case "fork":
      return step - run.since;
    case "images":
      return step * run.experiment.optimizer.batchSize;
    case "time":
      return secondsAt(run, step);
  }
}

/** Places of all steps of a run's log, or of another one of it, ascending. */
export function placesOf(mode: XMode, run: AxisRun, log: StepLog = run.log): ArrayLike<number> {
  const steps = log.columns.step;
  if (mode === "step") return steps;
  if (mode === "time" && log === run.log) return elapsed(run);
  return steps.map((step) => placeOf(mode, run, step));
}

/** The last point that an ancestor of a fork logged before it, as the index in that one's log; null where none is known. */
export function pointBefore({ forkedFrom }: TimedRun): {
  readonly run: TimedRun;
  readonly index: number;
} | null {
  if (!forkedFrom?.run) return null;
  const { run, step } = forkedFrom;
  const index = firstIndexAtOrAfter(run.log, step + 1) - 1;
  return index >= 0 ? { run, index } : pointBefore(run);
}

/** The logged step of a run that is nearest to a place; null when nothing is logged. */
export function stepNear(mode: XMode, run: AxisRun, place: number): number | null {
  const { log } = run;
  if (log.length === 0) return null;
  if (mode === "time") return stepAt(log, nearestTo(elapsed(run), log.length, place));
  const steps: Readonly<Record<Exclude<XMode, "time">, number>> = {
    step: place,
    fork: place + run.since,
    images: place / run.experiment.optimizer.batchSize,
  };
  return stepAt(log, nearestIndex(log, steps[mode]));
}

/** Index of the first of `length` ascending values that is not below `value`; `length` when there is none. */
export function firstAtOrAfter(values: ArrayLike<number>, length: number, value: number): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? Infinity) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the value nearest to `value`. */
export function nearestTo(values: ArrayLike<number>, length: number, value: number): number {
  const after = Math.min(firstAtOrAfter(values, length, value), length - 1);
  if (after <= 0) return 0;
  return value - (values[after - 1] ?? 0) <= (values[after] ?? 0) - value ? after - 1 : after;
}

/** How far along an axis a value is, 0 at its start and 1 at its end. */
export function shareOf(value: number, [from, to]: XRange, log: boolean): number {
  return log
    ? (Math.log(value) - Math.log(from)) / (Math.log(to) - Math.log(from))
    : (value - from) / (to - from);
}

/** The value at a share of an axis: the inverse of `shareOf`. */
export const valueAt = (share: number, [from, to]: XRange, log: boolean): number =>
  log ? from * (to / from) ** share : from + share * (to - from);

/** Where the axis of all shown runs ends. */
export const endOf = (mode: XMode, runs: readonly AxisRun[]): number =>
  Math.max(1, ...runs.map((run) => placeOf(mode, run, Math.max(0, lastStep(run.log)))));

/** A logarithmic axis begins at the first step, and not at 0. */
const LOG_FROM: Readonly<Record<XMode, (end: number) => number>> = {
  step: () => 1,
  fork: () => 1,
  images: (end) => Math.max(1, end / 1e4),
  time: (end) => end / 1e3,
};

/** The axis from its start to `end`, or the part that is zoomed to. */
export function runAxis(mode: XMode, log: boolean, end: number, zoom: XRange | null): RunAxis {
  const whole: XRange = [log ? LOG_FROM[mode](end) : 0, Math.max(end, 1)];
  const [from, to] = zoom ?? whole;
  const start = log ? Math.max(from, LOG_FROM[mode](end)) : from;
  const domain: XRange = [start, Math.max(to, start + 1e-6)];
  const least = mode === "time" ? 0 : 1; // there is nothing between two steps
  const ticks = log ? logScale(...domain).ticks : linearTicks(...domain, 6, least);
  return { mode, log, scale: { domain, ticks } };
}
