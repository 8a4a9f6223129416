import type { StepPoint } from "../protocol/trainer";

/**
 * Logged steps as rows of numbers, one after another: a million of them are read in a second, where as many objects take
 * half a minute.
 */
export interface StepRows {
  /** What the numbers of a row are: `step`, `stepMs` and the ids of metrics. */
  readonly columns: readonly string[];
  /** As many rows as were logged, each as long as `columns`. */
  readonly values: Float64Array;
}

/** Each step once, by step; of two of the same step the later one. */
export function pointsOf(pieces: readonly StepRows[]): StepPoint[] {
  const points = new Map(pieces.flatMap(unpackSteps).map((point) => [point.step, point]));
  return [...points.values()].sort((a, b) => a.step - b.step);
}

/** Columns of a run's steps, by name, as long as there are steps; a step that lacks a value has NaN there. */
export interface StepTable {
  readonly length: number;
  readonly columns: Readonly<Record<string, Float64Array>>;
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, i) => name === b[i]);

/** Steps in rows, in their order; more than one piece where they do not all have the same values. */
export function packSteps(points: readonly StepPoint[]): readonly StepRows[] {
  const pieces: { readonly columns: readonly string[]; readonly points: StepPoint[] }[] = [];
  for (const point of points) {
    const columns = Object.keys(point);
    const last = pieces.at(-1);
    if (last && sameNames(last.columns, columns)) last.points.push(point);
    else pieces.push({ columns, points: [point] });
  }
  return pieces.map((piece) => ({
    columns: piece.columns,
    values: Float64Array.from(piece.points.flatMap((point) => Object.values(point) as number[])),
  }));
}

/** The steps as they were logged. */
export function unpackSteps({ columns, values }: StepRows): StepPoint[] {
  const width = columns.length;
  return Array.from({ length: values.length / width }, (_, row) =>
    // a record's columns were held to those of a step when it was read
    Object.fromEntries(columns.map((name, i) => [name, values[row * width + i]])),
  ) as unknown as StepPoint[];
}

/**
 * Pieces of a log as one table by step, whatever order they were logged in. A run that was cut after its last checkpoint
 * and resumed logged some steps twice; of these the later one counts.
 */
export const tableOf = (pieces: readonly StepRows[]): StepTable => byStep(joined(pieces));

/** Rows as columns, in their own order. */
export const columnsOf = (rows: StepRows): StepTable => joined([rows]);

function joined(pieces: readonly StepRows[]): StepTable {
  const names = [...new Set(pieces.flatMap(({ columns }) => columns))];
  const length = pieces.reduce(
    (sum, { columns, values }) => sum + values.length / columns.length,
    0,
  );
  const columns = new Map(names.map((name) => [name, new Float64Array(length).fill(NaN)]));
  let first = 0;
  for (const piece of pieces) {
    const width = piece.columns.length;
    const rows = piece.values.length / width;
    piece.columns.forEach((name, i) => {
      const column = columns.get(name);
      for (let row = 0; column && row < rows; row++) {
        column[first + row] = piece.values[row * width + i] ?? NaN;
      }
    });
    first += rows;
  }
  return { length, columns: Object.fromEntries(columns) };
}

/** A table whose steps ascend, without those that came again later. */
function byStep(table: StepTable): StepTable {
  const steps = table.columns.step ?? new Float64Array(0);
  if (ascends(steps)) return table;
  const newest = new Map<number, number>();
  steps.forEach((step, row) => newest.set(step, row));
  const rows = [...newest].sort(([a], [b]) => a - b).map(([, row]) => row);
  const picked = (column: Float64Array) => Float64Array.from(rows, (row) => column[row] ?? NaN);
  const columns = Object.entries(table.columns).map(([name, column]) => [name, picked(column)]);
  return { length: rows.length, columns: Object.fromEntries(columns) as StepTable["columns"] };
}

function ascends(steps: Float64Array): boolean {
  for (let row = 1; row < steps.length; row++) {
    if (!((steps[row] ?? NaN) > (steps[row - 1] ?? NaN))) return false;
  }
  return true;
}
