import {
  CONFLICT_METRICS,
  LAYER_METRICS,
  SAMPLE_METRICS,
  STEP_METRICS,
} from "../../../common/catalogue/liveMetrics";
import type { ReactNode } from "react";
import { Boundary } from "../components/Boundary";
import { ConflictChart } from "./ConflictChart";
import { LayerProfileChart, LayerStepsChart } from "./LayerCharts";
import { charted } from "./metricText";
import { SampleChart } from "./SampleChart";
import { StepChart } from "./StepChart";
import classes from "./charts.module.css";

const STEP_CHARTS = charted(STEP_METRICS);
const WIDE = STEP_CHARTS.filter(({ chart }) => chart.wide);
const NARROW = STEP_CHARTS.filter(({ chart }) => !chart.wide);

/** A chart for every live metric that has one; wide ones come last. One that throws leaves the others alone. */
export function LiveCharts() {
  return (
    <>
      {NARROW.map((metric) => (
        <Card key={metric.id} title={metric.chart.title}>
          <StepChart metric={metric} />
        </Card>
      ))}
      {charted(LAYER_METRICS).flatMap((metric) => [
        <Card key={`${metric.id} by layer`} title={`${metric.chart.title} by layer`}>
          <LayerProfileChart metric={metric} />
        </Card>,
        <Card key={`${metric.id} over steps`} title={`${metric.chart.title} over steps`}>
          <LayerStepsChart metric={metric} />
        </Card>,
      ])}
      {charted(SAMPLE_METRICS).map((metric) => (
        <Card key={metric.id} title={metric.chart.title}>
          <SampleChart metric={metric} />
        </Card>
      ))}
      {WIDE.map((metric) => (
        <Card key={metric.id} title={metric.chart.title}>
          <StepChart metric={metric} />
        </Card>
      ))}
      {charted(CONFLICT_METRICS).map((metric) => (
        <Card key={metric.id} title={metric.chart.title}>
          <ConflictChart metric={metric} />
        </Card>
      ))}
    </>
  );
}

function Card({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Boundary what={title} frame={(fault) => <div className={classes.card}>{fault}</div>}>
      {children}
    </Boundary>
  );
}
