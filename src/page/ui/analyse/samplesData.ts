import { featureSpaceLabel } from "../../../common/catalogue/featureSpaces";
import type { StoredAnalysis } from "../../../common/protocol/analysis";
import type { ChartTable } from "../charts/chartTable";
import { formatValue } from "../explain/format";
import { noteText, provenance, type FigureFrame } from "./figure";
import type { FigureInput } from "./figureInput";
import { resultsOf, type SubjectResult } from "./results";
import { frechetName, fullWarning } from "./sampleLabels";
import type { ShownSubject } from "./subjects";

/** One metric of one subject's samples. */
export interface SampleRow {
  /** Key of the subject. Two may have one label. */
  readonly subject: string;
  readonly label: string;
  readonly step: number;
  readonly metric: string;
  readonly space: string;
  readonly n: number;
  readonly value: number;
  readonly interval: readonly [low: number, high: number] | null;
  /** What real images score: a floor for distances, a real value for the others. */
  readonly real: number | null;
  readonly better: "lower" | "higher";
  readonly warning: string | null;
}

type Metric = Omit<
  SampleRow,
  "subject" | "label" | "step" | "space" | "n" | "interval" | "warning"
> &
  Partial<Pick<SampleRow, "interval" | "warning">>;

/** Every metric of a result that its space has. */
function metricsOf({ result: r }: SubjectResult<"samples">): readonly Metric[] {
  const lower = (metric: string, value: number, real: number | null): Metric => ({
    metric,
    value,
    real,
    better: "lower",
  });
  const higher = (metric: string, value: number, real: number | null): Metric => ({
    metric,
    value,
    real,
    better: "higher",
  });
  const { coverage: c, coverageReal: real } = r;
  return [
    { ...lower("KID × 1000", r.kid, r.kidFloor), interval: [r.kidLow, r.kidHigh] },
    lower(`Fréchet, top ${r.components} PCs`, r.frechetTop, r.frechetFloor),
    { ...lower(frechetName(r.space, r.sampleCount), r.frechetFull, null), warning: fullWarning(r) },
    lower("CMMD (Gaussian MMD)", r.cmmd, r.cmmdReal),
    ...(r.sfid === null ? [] : [lower("sFID", r.sfid, null)]),
    ...(r.inceptionScore === null
      ? []
      : [
          {
            ...higher("Inception score", r.inceptionScore.mean, null),
            interval: [
              r.inceptionScore.mean - r.inceptionScore.std,
              r.inceptionScore.mean + r.inceptionScore.std,
            ] as const,
          },
        ]),
    higher("Precision, k = 5", c.precision, real.precision),
    higher("Recall, k = 5", c.recall, real.recall),
    higher("Density, k = 5", c.density, real.density),
    higher("Coverage, k = 5", c.coverage, real.coverage),
  ];
}

/** The newest result of each subject, space and count, as rows. */
export function sampleRows(
  results: readonly StoredAnalysis[],
  subjects: readonly ShownSubject[],
): readonly SampleRow[] {
  const newest = new Map(
    [...resultsOf(results, subjects, "samples")]
      .sort((a, b) => a.stored.createdAtMs - b.stored.createdAtMs)
      .map((one) => [`${one.shown.key}/${one.result.space}/${one.result.sampleCount}`, one]),
  );
  return [...newest.values()].flatMap((one) =>
    metricsOf(one).map((metric) => ({
      interval: null,
      warning: null,
      ...metric,
      subject: one.shown.key,
      label: one.shown.label,
      step: one.shown.step,
      space: featureSpaceLabel(one.result.space),
      n: one.result.sampleCount,
    })),
  );
}

/** A metric of one space and count, with every subject's value. */
export interface MetricLine extends Pick<
  SampleRow,
  "metric" | "space" | "n" | "better" | "real" | "warning"
> {
  readonly bySubject: ReadonlyMap<string, SampleRow>;
}

/** Subjects side by side where space and count are the same; the real value is the first one's. */
export function metricLines(rows: readonly SampleRow[]): readonly MetricLine[] {
  const lines = new Map<string, SampleRow[]>();
  for (const row of rows) {
    const key = `${row.space}/${row.n}/${row.metric}`;
    lines.set(key, [...(lines.get(key) ?? []), row]);
  }
  return [...lines.values()].flatMap((line) => {
    const [first] = line;
    if (!first) return [];
    const { metric, space, n, better, real, warning } = first;
    const bySubject = new Map(line.map((row) => [row.subject, row]));
    return { metric, space, n, better, real, warning, bySubject };
  });
}

export const samplesTable = (rows: readonly SampleRow[]): ChartTable => ({
  header: ["subject", "step", "metric", "space", "n", "value", "low", "high", "real", "warning"],
  rows: () =>
    rows.map(({ label, step, metric, space, n, value, interval, real, warning }) => [
      label,
      step,
      metric,
      space,
      n,
      value,
      interval?.[0],
      interval?.[1],
      real ?? undefined,
      warning ?? undefined,
    ]),
});

export const intervalText = ({ interval }: Pick<SampleRow, "interval">): string =>
  interval ? `[${formatValue(interval[0])}, ${formatValue(interval[1])}]` : "";

export interface SamplesFigure extends FigureFrame {
  readonly kind: "samples";
  readonly subjects: readonly { readonly key: string; readonly label: string }[];
  readonly lines: readonly MetricLine[];
  readonly warnings: readonly string[];
}

/** Every metric of the samples drawn, with its space, count, interval and what real images score. */
export function samplesFigure({
  results,
  subjects,
}: Pick<FigureInput, "results" | "subjects">): SamplesFigure {
  const rows = sampleRows(results, subjects);
  const stored = resultsOf(results, subjects, "samples").map((one) => one.stored);
  return {
    kind: "samples",
    subjects: [...new Map(rows.map(({ subject, label }) => [subject, label]))].map(
      ([key, label]) => ({ key, label }),
    ),
    lines: metricLines(rows),
    warnings: [...new Set(rows.flatMap(({ warning }) => warning ?? []))],
    note: noteText([
      "EMA weights, n samples against real images; real: two disjoint sets of real images, what a perfect model scores at this n",
      "95 % jackknife interval of KID; mean ± std of the inception score",
      ...(stored.length > 0 ? provenance(stored, 0) : []),
    ]),
    table: samplesTable(rows),
    empty:
      rows.length === 0
        ? "No samples were measured. Switch “Samples” on, then press Analyse."
        : null,
  };
}
