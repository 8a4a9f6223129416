import { STEP_METRICS, valueOf } from "../../common/catalogue/liveMetrics";
import { recordOf } from "../../common/math/records";
import type { StepPoint } from "../../common/protocol/trainer";
import type { StepTable } from "../../common/storage/stepRows";

const COLUMN_NAMES = ["step", ...STEP_METRICS.map(({ id }) => id), "stepMs"] as const;

export type StepColumn = (typeof COLUMN_NAMES)[number];
/** Columns of a step log. Every one is as long as the buffer, of which `length` values count. */
export type StepColumns = Readonly<Record<StepColumn, Float64Array>>;

/**
 * Logged steps in columns, steps ascending. A log is a value: appending gives a new one and leaves the
 * old one as it was. Both may share buffers, so that 100,000 points cost no copy at each append.
 */
export interface StepLog {
  readonly length: number;
  readonly columns: StepColumns;
  /** How much of the shared buffers some log has filled; only a log that ends there may grow in place. */
  readonly shared: { filled: number };
}

const FIRST_CAPACITY = 1024;

const allocate = (capacity: number): StepColumns =>
  recordOf(COLUMN_NAMES, () => new Float64Array(capacity));

export const emptyStepLog = (): StepLog => ({
  length: 0,
  columns: allocate(0),
  shared: { filled: 0 },
});

/**
 * The log with `points` at its end. A point at a step already logged replaces that step and all after
 * it: a run resumed from its checkpoint logs again what it had not saved.
 */
export function appendSteps(log: StepLog, points: readonly StepPoint[]): StepLog {
  const first = points[0];
  if (!first) return log;
  const kept = first.step > lastStep(log) ? log.length : firstIndexAtOrAfter(log, first.step);
  const length = kept + points.length;
  const inPlace = kept === log.shared.filled && length <= log.columns.step.length;
  const columns = inPlace ? log.columns : copyColumns(log.columns, kept, length);
  points.forEach((point, index) => {
    for (const name of COLUMN_NAMES) columns[name][kept + index] = valueOf(point, name) ?? NaN;
  });
  const shared = inPlace ? log.shared : { filled: 0 };
  shared.filled = length;
  return { length, columns, shared };
}

function copyColumns(from: StepColumns, kept: number, length: number): StepColumns {
  const columns = allocate(Math.max(FIRST_CAPACITY, 2 ** Math.ceil(Math.log2(length * 1.5))));
  for (const name of COLUMN_NAMES) columns[name].set(from[name].subarray(0, kept));
  return columns;
}

/** A log of columns by name; what is not there is NaN. @param columns each as long as `length`, steps ascending */
export function stepLogOf({ length, columns }: StepTable): StepLog {
  const own = recordOf(COLUMN_NAMES, (name) => columns[name] ?? new Float64Array(length).fill(NaN));
  return { length, columns: own, shared: { filled: length } };
}

/** The newest logged step, or -1 when nothing is logged. */
export const lastStep = (log: StepLog): number => stepAt(log, log.length - 1);

/** The step at an index, or -1 outside the log. */
export const stepAt = (log: StepLog, index: number): number =>
  index >= 0 && index < log.length ? (log.columns.step[index] ?? -1) : -1;

/** Index of the first logged step that is not below `step`; `length` when there is none. */
export function firstIndexAtOrAfter(log: StepLog, step: number): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((log.columns.step[middle] ?? Infinity) < step) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the logged step nearest to `step` (the earlier of two equally near); -1 when nothing is logged. */
export function nearestIndex(log: StepLog, step: number): number {
  if (log.length === 0) return -1;
  const after = Math.min(firstIndexAtOrAfter(log, step), log.length - 1);
  if (after === 0) return 0;
  return step - stepAt(log, after - 1) <= stepAt(log, after) - step ? after - 1 : after;
}

/** One logged step as a point, or null outside the log. */
export function pointAt(log: StepLog, index: number): StepPoint | null {
  if (index < 0 || index >= log.length) return null;
  return recordOf(COLUMN_NAMES, (name) => log.columns[name][index] ?? NaN);
}

/** Median wall time of the last `count` steps in ms; null when nothing is logged. */
export function recentStepMs(log: StepLog, count: number): number | null {
  const times = log.columns.stepMs.slice(Math.max(0, log.length - count), log.length).sort();
  return times[times.length >>> 1] ?? null;
}
