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
import type { FigureRun } from "../../store/figureRuns";
import { selectFirstMeasured } from "../../store/selectors";
import type { StudioState } from "../../store/studioStore";
import { formatTick, formatValue } from "../explain/format";
import { paperFidText } from "../explain/paperText";
import { useStudio } from "../useStudio";
import { ChartCard } from "./ChartCard";
import { StepCursors } from "./Cursors";
import { useDrawn } from "./drawQueue";
import { sampleTable, tableOfRuns } from "./measuredTables";
import { aboutOf, noteOf, scaleText, titleOf, type Charted } from "./metricText";
import type { PlotLevel } from "./plotProps";
import { rangeOf, useReference } from "./reference";
import { ACROSS } from "./runAxis";
import { RunLegend } from "./RunLegend";
import { RunPlot } from "./RunLines";
import { measuredDrawing, valuesIn, type MeasuredPoint } from "./runLines";
import { useEmptyText, useReadoutStep, useTimelineMarks, useSeenFigure } from "./useFigure";
import { useFigureGroups, useFigureRuns, useHoverLines, useRunAxis } from "./useRunAxis";
import { useValueAxis } from "./useValueAxis";
import classes from "./charts.module.css";

type Metric = Charted<SampleMetric<SampleMetricId, BesideId>>;

const NO_RANGES: readonly BandRange[] = [];

const selectMeasured = (state: StudioState) => state.metrics.sampleQuality;

/** Values of different feature spaces share no axis: the space is that of the newest measurement of the open run, else of any. */
function spaceOf(own: readonly SampleQuality[], runs: readonly FigureRun[]): string | undefined {
  const newest = runs.findLast(({ metrics }) => metrics.sampleQuality.length > 0);
  return (own.at(-1) ?? newest?.metrics.sampleQuality.at(-1))?.space;
}

const inSpace = (measured: readonly SampleQuality[], space: string | undefined) =>
  measured.filter((m) => m.space === space);

/** A sample metric of all shown runs by training step, with its interval and what real images score. */
export function SampleChart({ metric }: { readonly metric: Metric }) {
  const { id, name, chart } = metric;
  const { ref, figure } = useSeenFigure();
  const runs = useFigureRuns(figure);
  const groups = useFigureGroups(runs);
  const axis = useRunAxis(runs);
  const { domain } = axis.scale;
  const own = useDrawn(selectMeasured, figure);
  const space = spaceOf(own, runs);
  const measured = useMemo(() => inSpace(own, space), [own, space]);
  const drawing = useMemo(
    () =>
      measuredDrawing(groups, axis.mode, ({ metrics }) =>
        pointsOf(metric, inSpace(metrics.sampleQuality, space)),
      ),
    [groups, axis.mode, metric, space],
  );
  const later = useStudio(selectFirstMeasured);
  const empty = useEmptyText(`First measured at step ${later}`);
  const ranges = useReference(selectBandOf(id), axis);
  const sameSpace = useStudio(({ band }) => band?.space === space);
  const reference = sameSpace ? ranges : NO_RANGES;
  const marks = useTimelineMarks(figure, axis);
  const last = measured.at(-1) ?? newestIn(runs, space);
  const levels = useMemo(() => levelsOf(metric, last), [metric, last]);
  const shown = useMemo(
    () => [
      ...valuesIn(drawing, domain),
      ...levels.map(({ value }) => value),
      ...reference.flatMap(rangeOf),
    ],
    [drawing, domain, levels, reference],
  );
  const title = titleOf(chart, last);
  const { y, log: yLog, choice } = useValueAxis(metric, title, shown);
  const hover = useHoverLines(groups, drawing);
  return (
    <ChartCard
      label={`${name} by training step`}
      title={title}
      scale={scaleText(metric)}
      about={aboutOf(chart)}
      across={ACROSS[axis.mode]}
      figureRef={ref}
      readout={<SampleReadout metric={metric} measured={measured} />}
      note={
        <>
          {noteOf(chart, last)}
          {metric.paper === "fid" && <PaperFid />}
        </>
      }
      log={choice}
      legend={<RunLegend lines={hover} />}
      table={tableOfRuns(runs, (run) => sampleTable(run.metrics.sampleQuality))}
      empty={drawing.lines.every(({ points }) => points.length === 0) ? empty : null}
    >
      <StepCursors axis={axis} hover={hover}>
        <RunPlot
          axis={axis}
          drawing={drawing}
          y={y}
          yLog={yLog}
          levels={levels}
          reference={reference}
          marks={marks}
        />
      </StepCursors>
    </ChartCard>
  );
}

const newestIn = (runs: readonly FigureRun[], space: string | undefined) =>
  runs.flatMap(({ metrics }) => inSpace(metrics.sampleQuality, space)).at(-1);

/** The ends of the value's interval; undefined where it has none. */
function intervalOf({ interval }: Metric, m: SampleQuality): readonly [number, number] | undefined {
  const [low, high] = (interval ?? []).map((id) => valueOf(m, id));
  return low === undefined || high === undefined ? undefined : [low, high];
}

const pointsOf = (metric: Metric, measured: readonly SampleQuality[]): readonly MeasuredPoint[] =>
  measured.map((m) => ({
    step: m.step,
    value: valueOf(m, metric.id) ?? NaN,
    interval: intervalOf(metric, m),
  }));

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
  const model = useStudio(({ run, experiment }) => (run.experiment ?? experiment.value).model);
  return shown && <div className={classes.paper}>{paperFidText(model.family, model.size)}</div>;
}
