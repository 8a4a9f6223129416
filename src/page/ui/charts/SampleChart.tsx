import { useMemo } from "react";
import {
  valueOf,
  type BesideId,
  type SampleMetric,
  type SampleMetricId,
} from "../../../common/catalogue/liveMetrics";
import type { BandRange } from "../../../common/config/referenceBand";
import type { SampleQuality } from "../../../common/protocol/trainer";
import { selectBandOf } from "../../store/bandSlice";
import { selectFirstMeasured, selectStepEnd } from "../../store/selectors";
import type { StudioState } from "../../store/studioStore";
import { formatTick, formatValue } from "../explain/format";
import { paperFidText } from "../explain/paperText";
import { useStudio } from "../useStudio";
import { ChartCard } from "./ChartCard";
import { StepCursors } from "./Cursors";
import { useDrawn } from "./drawQueue";
import { sampleTable } from "./measuredTables";
import { colorOf, noteOf, scaleText, titleOf, type Charted } from "./metricText";
import { Plot } from "./Plot";
import type { PlotLevel, PlotRow } from "./plotProps";
import { stepScale } from "./scale";
import { rangeOf, useReference } from "./reference";
import { useEmptyText, useReadoutStep, useTimelineMarks, useVisible } from "./useFigure";
import { useValueAxis } from "./useValueAxis";
import classes from "./charts.module.css";

type Metric = Charted<SampleMetric<SampleMetricId, BesideId>>;

const NO_RANGES: readonly BandRange[] = [];

const selectMeasured = (state: StudioState) => state.metrics.sampleQuality;

/** Measurements in the newest one's feature space: values of different spaces share no axis. */
function useMeasured(visible: boolean): readonly SampleQuality[] {
  const all = useDrawn(selectMeasured, visible);
  return useMemo(() => {
    const space = all.at(-1)?.space;
    return all.filter((m) => m.space === space);
  }, [all]);
}

/** A sample metric by training step, with its interval and what real images score. */
export function SampleChart({ metric }: { readonly metric: Metric }) {
  const { id, name, chart } = metric;
  const { ref, visible } = useVisible();
  const measured = useMeasured(visible);
  const end = useDrawn(selectStepEnd, visible);
  const x = useMemo(() => stepScale(end), [end]);
  const later = useStudio(selectFirstMeasured);
  const empty = useEmptyText(`First measured at step ${later}`);
  const ranges = useReference(selectBandOf(id), end);
  const sameSpace = useStudio(({ band }) => band?.space === measured.at(-1)?.space);
  const reference = sameSpace ? ranges : NO_RANGES;
  const marks = useTimelineMarks(visible);
  const rows = useMemo(() => measured.map((m) => rowOf(metric, m)), [metric, measured]);
  const shown = useMemo(
    () => [...measured.flatMap((m) => drawnOf(metric, m)), ...reference.flatMap(rangeOf)],
    [metric, measured, reference],
  );
  const last = measured.at(-1);
  const levels = useMemo(() => levelsOf(metric, last), [metric, last]);
  const title = titleOf(chart, last);
  const axis = useValueAxis(metric, title, shown);
  const color = colorOf(chart);
  const lines = useMemo(() => [{ key: "value", color, dots: true }], [color]);
  const bands = useMemo(
    () => (metric.interval ? [{ key: "interval", color }] : []),
    [metric, color],
  );
  return (
    <ChartCard
      label={`${name} by training step`}
      title={title}
      scale={scaleText(metric)}
      figureRef={ref}
      readout={<SampleReadout metric={metric} measured={measured} />}
      note={
        <>
          {noteOf(chart, last)}
          {metric.paper === "fid" && <PaperFid />}
        </>
      }
      log={axis.choice}
      table={sampleTable(measured)}
      empty={measured.length === 0 ? empty : null}
    >
      <StepCursors x={x}>
        <Plot
          rows={rows}
          lines={lines}
          bands={bands}
          levels={levels}
          reference={reference}
          marks={marks}
          x={x}
          y={axis.y}
          log={axis.log}
        />
      </StepCursors>
    </ChartCard>
  );
}

/** The ends of the value's interval; undefined where it has none. */
function intervalOf({ interval }: Metric, m: SampleQuality): readonly [number, number] | undefined {
  const [low, high] = (interval ?? []).map((id) => valueOf(m, id));
  return low === undefined || high === undefined ? undefined : [low, high];
}

const rowOf = (metric: Metric, m: SampleQuality): PlotRow => ({
  x: m.step,
  value: valueOf(m, metric.id),
  interval: intervalOf(metric, m),
});

/** Every number of a measurement the axis has to hold. */
const drawnOf = (metric: Metric, m: SampleQuality): readonly (number | undefined)[] => [
  valueOf(m, metric.id),
  ...(intervalOf(metric, m) ?? []),
  metric.floor && valueOf(m, metric.floor.id),
];

function levelsOf({ floor }: Metric, m: SampleQuality | undefined): readonly PlotLevel[] {
  const value = floor && m && valueOf(m, floor.id);
  return value === undefined
    ? []
    : [{ value, label: `${floor?.label ?? ""} ${formatValue(value)}` }];
}

/** The measurement under the cursor: the newest that is not after it. Draws alone when the pointer moves. */
function SampleReadout(props: {
  readonly metric: Metric;
  readonly measured: readonly SampleQuality[];
}) {
  const { metric, measured } = props;
  const step = useReadoutStep();
  const at =
    step === null ? measured.at(-1) : (measured.findLast((m) => m.step <= step) ?? measured[0]);
  const value = at && valueOf(at, metric.id);
  if (!at || value === undefined) return null;
  const interval = intervalOf(metric, at);
  return (
    <>
      {step !== null && `${at.step} · `}
      <strong>{formatValue(value)}</strong>
      {interval && ` [${interval.map((end) => formatTick(end, 3)).join(", ")}]`}
    </>
  );
}

/** The paper's FIDs as words: on this axis they would mislead. */
function PaperFid() {
  const shown = useStudio((state) => state.paperShown);
  const size = useStudio(({ run, experiment }) => (run.experiment ?? experiment.value).model.size);
  return shown && <div className={classes.paper}>{paperFidText(size)}</div>;
}
