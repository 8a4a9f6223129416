import type { LiveMetric, MetricChart } from "../../../common/catalogue/liveMetrics";
import { formatValue } from "../explain/format";

/** A metric that has a chart. */
export type Charted<M extends LiveMetric> = M & { readonly chart: MetricChart };

/** Those metrics of a list that have a chart. */
export const charted = <M extends LiveMetric>(metrics: readonly M[]): readonly Charted<M>[] =>
  metrics.filter((metric): metric is Charted<M> => metric.chart !== undefined);

const valueText = (value: unknown): string =>
  typeof value === "number" && !Number.isInteger(value) ? formatValue(value) : String(value);

/** "n = {sampleCount}" with the values of a measurement in place of their names. */
export function filledText(text: string, measured: object): string {
  const values = new Map<string, unknown>(Object.entries(measured));
  return text.replaceAll(/\{(\w+)\}/g, (_, key: string) => valueText(values.get(key)));
}

/** @param measured the newest measurement, if there is one */
export const titleOf = (chart: MetricChart, measured: object | undefined): string =>
  measured && chart.measuredTitle ? filledText(chart.measuredTitle, measured) : chart.title;

/** @param measured the newest measurement, if there is one */
export const noteOf = (chart: MetricChart, measured: object | undefined): string =>
  measured && chart.measuredNote ? filledText(chart.measuredNote, measured) : chart.note;

/** What the values are in and how they are read: "squared feature units, lower is better". */
export const scaleText = ({ unit, better }: LiveMetric): string =>
  [unit === "1" ? "" : unit, better ? `${better} is better` : ""]
    .filter((part) => part !== "")
    .join(", ");

/** What the chart says to a person who has not read the paper. */
export const aboutOf = ({ about, inPaper }: MetricChart) => ({ text: about, inPaper });

export const colorOf = ({ color }: MetricChart): string =>
  color === undefined ? "var(--series-1)" : `var(--chart-${color})`;
