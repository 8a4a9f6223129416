import type { StepPoint } from "../protocol/trainer";
import { NEEDED_COLUMNS } from "./manifest";

/**
 * Points of a table: with the usual five columns 164 kB, a few milliseconds of a page's time and below the size whose
 * ratio an archive's reader doubts.
 */
const PART_POINTS = 4096;
const NUMBER_BYTES = 8;

/** A stretch of a log as one table of float64 numbers, little-endian, a row a point. */
export interface PointsPart {
  readonly columns: readonly string[];
  readonly count: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export const pointsBytes = ({ columns, count }: Pick<PointsPart, "columns" | "count">): number =>
  columns.length * count * NUMBER_BYTES;

type Fields = Readonly<Record<string, unknown>>;

/** The columns of a point, those that every point has first. */
function columnsOf(point: Fields): readonly string[] {
  const names = Object.keys(point).filter((name) => typeof point[name] === "number");
  return [
    ...NEEDED_COLUMNS.filter((name) => names.includes(name)),
    ...names.filter((name) => !NEEDED_COLUMNS.includes(name)).sort(),
  ];
}

function pack(points: readonly Fields[], columns: readonly string[]): PointsPart {
  const count = points.length;
  const view = new DataView(new ArrayBuffer(pointsBytes({ columns, count })));
  points.forEach((point, row) => {
    columns.forEach((name, column) => {
      view.setFloat64((row * columns.length + column) * NUMBER_BYTES, Number(point[name]), true);
    });
  });
  return { columns, count, bytes: new Uint8Array(view.buffer) };
}

/**
 * Points cut into tables. A new one begins where the columns change, so that a value that was not logged is told from one
 * that is no number.
 */
export function* packPoints(points: readonly StepPoint[]): Generator<PointsPart> {
  let rows: Fields[] = [];
  let columns: readonly string[] = [];
  let fields = 0;
  for (const point of points) {
    const row: Fields = { ...point };
    const fits =
      rows.length < PART_POINTS &&
      Object.keys(row).length === fields &&
      columns.every((name) => typeof row[name] === "number");
    if (!fits) {
      if (rows.length > 0) yield pack(rows, columns);
      rows = [];
      columns = columnsOf(row);
      fields = Object.keys(row).length;
    }
    rows.push(row);
  }
  if (rows.length > 0) yield pack(rows, columns);
}

/** The points of a table; its columns have been checked, its numbers may be any. */
export function unpackPoints({ columns, count, bytes }: PointsPart): StepPoint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, row) => {
    const fields: Record<string, number> = {};
    columns.forEach((name, column) => {
      fields[name] = view.getFloat64((row * columns.length + column) * NUMBER_BYTES, true);
    });
    return fields as unknown as StepPoint; // the manifest's schema asks for every column of it
  });
}
