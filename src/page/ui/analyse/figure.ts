import type { StoredAnalysis } from "../../../common/protocol/analysis";
import type { ChartTable } from "../charts/chartTable";
import type { PlotBand, PlotLevel, PlotLine, PlotMark, PlotRow } from "../charts/plotProps";
import { extent, linearScale, type Scale } from "../charts/scale";
import { formatValue } from "../explain/format";
import type { ShownSubject } from "./subjects";

/** What a plot draws. */
export interface Drawing {
  readonly rows: readonly PlotRow[];
  readonly lines: readonly PlotLine[];
  readonly bands: readonly PlotBand[];
  readonly levels: readonly PlotLevel[];
  readonly marks: readonly PlotMark[];
  readonly x: Scale;
  readonly y: Scale;
  readonly xName: string;
  /** Words for ticks of an axis without numbers, by tick. */
  readonly xWords?: readonly string[];
}

export interface LegendItem {
  readonly label: string;
  readonly color: string;
  readonly dashed?: boolean;
}

/** What every figure says beside what it draws: how its numbers were made, and the same numbers as a table. */
export interface FigureFrame {
  readonly note: string;
  readonly table: ChartTable;
  /** What to do when there is nothing to draw. */
  readonly empty: string | null;
}

/** Lines or dots, with their legend. */
export interface LineFigure extends FigureFrame {
  readonly kind: "lines";
  readonly drawing: Drawing;
  readonly legend: readonly LegendItem[];
}

const NOTHING: Drawing = {
  rows: [],
  lines: [],
  bands: [],
  levels: [],
  marks: [],
  x: linearScale(0, 1),
  y: linearScale(0, 1),
  xName: "",
};

/** A figure that says what to do instead of drawing. */
export const emptyFigure = (empty: string, header: readonly string[]): LineFigure => ({
  kind: "lines",
  drawing: NOTHING,
  legend: [],
  note: "",
  table: { header, rows: () => [] },
  empty,
});

/** A figure that has something to draw. */
export const lineFigure = (parts: Omit<LineFigure, "kind" | "empty">): LineFigure => ({
  kind: "lines",
  ...parts,
  empty: null,
});

/** The smallest and largest value as an axis; one that begins at zero takes no smaller value away. */
export function valueScale(
  values: readonly number[],
  otherwise: readonly [number, number],
  { fromZero = false } = {},
): Scale {
  const [low, high] = extent(values) ?? otherwise;
  return linearScale(fromZero ? Math.min(0, low) : low, high);
}

/** What every figure says of how its numbers were made. */
export function provenance(stored: readonly StoredAnalysis[], leftOut: number): string[] {
  const each = (pick: (one: StoredAnalysis) => string | number) =>
    [...new Set(stored.map(pick))].join(", ");
  return [
    `seed ${each(({ seed }) => seed)}`,
    each(({ device }) => device.adapter),
    ...(leftOut > 0 ? [`${leftOut} results of other settings not drawn`] : []),
  ];
}

export const noteText = (parts: readonly string[]): string => parts.join(" · ");

export const percent = (share: number): number => 100 * share;

/** The block with the largest value, counted from 1, and the value; null of none. */
export function best(values: readonly number[]): { value: number; block: number } | null {
  const value = Math.max(...values);
  return values.length === 0 ? null : { value, block: values.indexOf(value) + 1 };
}

/** Air beside the first and the last place, as a share of their number: points are not cut in half. */
const MARGIN = 0.06;

/** An axis over places 1 to `count`. */
export function placeScale(count: number): Scale {
  const every = Math.ceil(count / 14);
  const ticks = Array.from({ length: count }, (_, index) => index + 1);
  return {
    domain: [1 - MARGIN * count, count + MARGIN * count],
    ticks: ticks.filter((place) => (place - 1) % every === 0),
  };
}

/** The blocks that are aligned, each once, with whose they are where they differ. */
export function alignedMarks(subjects: readonly ShownSubject[]): readonly PlotMark[] {
  const blocks = [...new Set(subjects.flatMap(({ alignedBlock }) => alignedBlock ?? []))];
  return blocks.map((block) => ({ x: block, label: "aligned" }));
}

export const legendOf = (subjects: readonly ShownSubject[]): readonly LegendItem[] =>
  [...new Map(subjects.map((shown) => [shown.key, shown])).values()].map(({ label, color }) => ({
    label,
    color,
  }));

export const levelOf = (value: number, label: string, text = formatValue(value)): PlotLevel => ({
  value,
  label: `${label} ${text}`,
});

export const ANALYSE_FIRST = "Choose what to analyse on the left. Then press Analyse.";
