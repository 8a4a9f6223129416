import {
  CONFLICT_METRICS,
  LAYER_METRICS,
  SAMPLE_METRICS,
  STEP_METRICS,
} from "../../../common/catalogue/liveMetrics";
import { ConflictChart } from "./ConflictChart";
import { LayerProfileChart, LayerStepsChart } from "./LayerCharts";
import { charted } from "./metricText";
import { SampleChart } from "./SampleChart";
import { StepChart } from "./StepChart";

const STEP_CHARTS = charted(STEP_METRICS);
const WIDE = STEP_CHARTS.filter(({ chart }) => chart.wide);
const NARROW = STEP_CHARTS.filter(({ chart }) => !chart.wide);

/** A chart for every live metric that has one; wide ones come last. */
export function LiveCharts() {
  return (
    <>
      {NARROW.map((metric) => (
        <StepChart key={metric.id} metric={metric} />
      ))}
      {charted(LAYER_METRICS).flatMap((metric) => [
        <LayerProfileChart key={`${metric.id} by layer`} metric={metric} />,
        <LayerStepsChart key={`${metric.id} over steps`} metric={metric} />,
      ])}
      {charted(SAMPLE_METRICS).map((metric) => (
        <SampleChart key={metric.id} metric={metric} />
      ))}
      {WIDE.map((metric) => (
        <StepChart key={metric.id} metric={metric} />
      ))}
      {charted(CONFLICT_METRICS).map((metric) => (
        <ConflictChart key={metric.id} metric={metric} />
      ))}
    </>
  );
}
