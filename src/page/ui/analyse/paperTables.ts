import {
  COMPONENT_ANALYSIS,
  GUIDANCE_INTERVAL,
  GUIDANCE_SCALE,
  LAMBDA,
  MODEL_SCALE,
  PAPER_METRIC_IDS,
  PAPER_METRICS,
  SYSTEM_LEVEL,
  TRAINING_COURSE,
  type GuidanceRow,
  type PaperScores,
  type PaperTable,
} from "../../../common/catalogue/paper";
import { formatCount } from "../explain/format";
import { iterationText } from "../explain/paperText";

/** A text, a number, or a number with how the paper writes it; null for what the paper does not print. */
export type PaperCell = string | number | null | { readonly value: number; readonly text: string };

export const cellText = (cell: PaperCell): string => {
  if (cell === null) return "–";
  return typeof cell === "object" ? cell.text : String(cell);
};

const steps = (iterations: number): PaperCell => ({
  value: iterations,
  text: iterationText(iterations),
});

export interface PaperColumn {
  readonly name: string;
  readonly unit?: string;
  readonly better?: "lower" | "higher";
}

/** A table of the paper as it is shown: numbers stay numbers, so that columns can be sorted. */
export interface ShownTable {
  readonly table: number;
  readonly section: string;
  readonly title: string;
  readonly columns: readonly PaperColumn[];
  readonly rows: readonly (readonly PaperCell[])[];
}

/** Metrics any row prints, as columns. */
function metricsOf(rows: readonly { readonly scores: PaperScores }[]) {
  const printed = PAPER_METRIC_IDS.filter((metric) =>
    rows.some(({ scores }) => scores[metric] !== null),
  );
  return {
    columns: printed.map((metric): PaperColumn => {
      const { label, unit, better } = PAPER_METRICS[metric];
      return { name: label, unit, better };
    }),
    cells: (scores: PaperScores) => printed.map((metric) => scores[metric]),
  };
}

const named = (...names: readonly string[]): PaperColumn[] => names.map((name) => ({ name }));

function shown<Row>(
  { table, section, title, rows }: PaperTable<Row>,
  columns: readonly PaperColumn[],
  cells: (row: Row) => readonly PaperCell[],
): ShownTable {
  return { table, section, title, columns, rows: rows.map(cells) };
}

const guidance = (table: PaperTable<GuidanceRow>): ShownTable => {
  const metrics = metricsOf(table.rows);
  return shown(table, [...named("Model", "Steps", "w", "Interval"), ...metrics.columns], (row) => [
    row.aligned ? "SiT-XL/2 + REPA" : "SiT-XL/2",
    steps(row.iterations),
    row.scale,
    `[${row.interval[0]}, ${row.interval[1]}]`,
    ...metrics.cells(row.scores),
  ]);
};

const withRepa = (model: string, aligned: boolean): string => (aligned ? `${model} + REPA` : model);

/** Every table of src/common/catalogue/paper.ts in the paper's order. */
export function paperTables(): readonly ShownTable[] {
  const component = metricsOf(COMPONENT_ANALYSIS.rows);
  const system = metricsOf(SYSTEM_LEVEL.rows);
  const course = metricsOf(TRAINING_COURSE.rows);
  const { fid, inceptionScore } = PAPER_METRICS;
  const fidColumn: PaperColumn = { name: fid.label, unit: fid.unit, better: fid.better };
  return [
    shown(
      COMPONENT_ANALYSIS,
      [...named("Target", "Block", "Objective", "Steps"), ...component.columns],
      (row) => [
        row.target ?? "none (vanilla)",
        row.depth,
        row.objective,
        steps(row.iterations),
        ...component.cells(row.scores),
      ],
    ),
    shown(MODEL_SCALE, [...named("Model", "Parameters", "Steps"), fidColumn], (row) => [
      withRepa(row.model, row.aligned),
      { value: row.parameters, text: formatCount(row.parameters) },
      steps(row.iterations),
      row.fid,
    ]),
    shown(SYSTEM_LEVEL, [...named("Model", "Epochs", "Approach"), ...system.columns], (row) => [
      `${row.model}${row.marked ? " *" : ""}`,
      row.epochs,
      row.approach,
      ...system.cells(row.scores),
    ]),
    shown(
      LAMBDA,
      [
        ...named("λ"),
        fidColumn,
        { name: inceptionScore.label, unit: inceptionScore.unit, better: inceptionScore.better },
      ],
      (row) => [row.projCoeff, row.fid, row.inceptionScore],
    ),
    shown(TRAINING_COURSE, [...named("Model", "Steps"), ...course.columns], (row) => [
      withRepa(row.model, row.aligned),
      steps(row.iterations),
      ...course.cells(row.scores),
    ]),
    guidance(GUIDANCE_SCALE),
    guidance(GUIDANCE_INTERVAL),
  ];
}

const sortValue = (cell: PaperCell): string | number | null =>
  cell !== null && typeof cell === "object" ? cell.value : cell;

/** Rows that hold the words, by one column; what the paper does not print stands last either way. */
export function arranged(
  rows: ShownTable["rows"],
  sort: { readonly column: number; readonly descending: boolean } | null,
  words: string,
): ShownTable["rows"] {
  const wanted = words.trim().toLowerCase();
  const kept = rows.filter((row) =>
    row.some((cell) => cell !== null && cellText(cell).toLowerCase().includes(wanted)),
  );
  if (!sort) return kept;
  return [...kept].sort((a, b) => {
    const [x, y] = [sortValue(a[sort.column] ?? null), sortValue(b[sort.column] ?? null)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    const order =
      typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return sort.descending ? -order : order;
  });
}
