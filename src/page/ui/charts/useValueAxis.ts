import { useMemo } from "react";
import type { LiveMetric } from "../../../common/catalogue/liveMetrics";
import { useStudio } from "../useStudio";
import type { Charted } from "./metricText";
import { extent, linearScale, logScale, type Scale } from "./scale";

/**
 * The value axis of a metric's chart over `values`, logarithmic where the user wants it and all values allow it.
 * @param values what is drawn; keep the array from one drawing to the next
 */
export function useValueAxis(
  { id, chart }: Charted<LiveMetric>,
  title: string,
  values: readonly (number | undefined)[],
) {
  const wantsLog = useStudio((state) => state.logCharts.includes(id));
  const [low, high] = useMemo(() => extent(values) ?? [0, 1], [values]);
  const log = wantsLog && low > 0;
  const y = useMemo(
    () => (log ? logScale(low, high) : valueScale(chart.axis, low, high)),
    [log, chart.axis, low, high],
  );
  const refusal = low > 0 ? null : `${title} is not always positive: no logarithmic axis`;
  return { y, log, choice: { name: id, refusal } };
}

/** The linear axis of a chart whose values lie in [low, high]. */
export function valueScale(
  axis: Charted<LiveMetric>["chart"]["axis"],
  low: number,
  high: number,
): Scale {
  if (axis === "data") return linearScale(low, high);
  return axis === "zero" ? linearScale(Math.min(0, low), high) : linearScale(...axis);
}
