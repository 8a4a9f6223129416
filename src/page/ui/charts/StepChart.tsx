import { useMemo } from "react";
import type { StepMetric, StepMetricId } from "../../../common/catalogue/liveMetrics";
import { selectBandOf } from "../../store/bandSlice";
import { selectLead, type LeadRun } from "../../store/figureRuns";
import { nearestIndex, type StepColumn } from "../../store/stepLog";
import type { StudioState } from "../../store/studioStore";
import { formatValue } from "../explain/format";
import { ChartCard } from "./ChartCard";
import { StepCursors } from "./Cursors";
import { useDrawn } from "./drawQueue";
import { stepTable, tableOfRuns } from "./measuredTables";
import { aboutOf, scaleText, type Charted } from "./metricText";
import { ACROSS } from "./runAxis";
import { RunLegend } from "./RunLegend";
import { RunPlot } from "./RunLines";
import { smoothed, stepDrawing, valuesIn } from "./runLines";
import { rangeOf, useReference } from "./reference";
import { useEmptyText, useReadoutStep, useTimelineMarks, useSeenFigure } from "./useFigure";
import { useFigureGroups, useFigureRuns, useHoverLines, useRunAxis } from "./useRunAxis";
import { useValueAxis } from "./useValueAxis";

const selectSmoothing = (state: StudioState) => state.smoothing;

/** A logged metric of all shown runs by training step: raw values faint, their moving average on top. */
export function StepChart({ metric }: { readonly metric: Charted<StepMetric<StepMetricId>> }) {
  const { id, name, chart } = metric;
  const { ref, figure } = useSeenFigure();
  const runs = useFigureRuns(figure);
  const groups = useFigureGroups(runs);
  const axis = useRunAxis(runs);
  const { domain } = axis.scale;
  const lead = useDrawn(selectLead, figure);
  const smoothing = useDrawn(selectSmoothing, figure);
  const marks = useTimelineMarks(figure, axis);
  const empty = useEmptyText(null);
  const drawing = useMemo(
    () => stepDrawing(groups, id, { mode: axis.mode, range: domain, smoothing }),
    [groups, id, axis.mode, domain, smoothing],
  );
  const reference = useReference(selectBandOf(id), axis);
  const shown = useMemo(
    () => [...valuesIn(drawing, domain), ...reference.flatMap(rangeOf)],
    [drawing, domain, reference],
  );
  const { y, log: yLog, choice } = useValueAxis(metric, chart.title, shown);
  const hover = useHoverLines(groups, drawing);
  return (
    <ChartCard
      label={`${name} by training step`}
      title={chart.title}
      scale={scaleText(metric)}
      about={aboutOf(chart)}
      across={ACROSS[axis.mode]}
      note={chart.note}
      wide={chart.wide ?? false}
      figureRef={ref}
      readout={<StepReadout lead={lead} column={id} smoothing={smoothing} />}
      aside={<RawReadout lead={lead} column={id} smoothing={smoothing} />}
      log={choice}
      legend={<RunLegend lines={hover} />}
      table={tableOfRuns(runs, (run) => stepTable(run.log, id))}
      empty={runs.every((run) => run.log.length === 0) ? empty : null}
    >
      <StepCursors axis={axis} hover={hover}>
        <RunPlot
          axis={axis}
          drawing={drawing}
          y={y}
          yLog={yLog}
          reference={reference}
          marks={marks}
        />
      </StepCursors>
    </ChartCard>
  );
}

interface ReadoutProps {
  readonly lead: LeadRun;
  readonly column: StepColumn & StepMetricId;
  readonly smoothing: number;
}

/** Raw value and average of the open run where the readout stands. */
function useStepValues({ lead, column, smoothing }: ReadoutProps) {
  const { log } = lead;
  const step = useReadoutStep();
  const index = step === null ? log.length - 1 : nearestIndex(log, step);
  const raw = log.columns[column][index];
  if (index < 0 || raw === undefined) return null;
  return { raw, average: smoothed(lead, column, smoothing)[index] ?? raw };
}

function StepReadout(props: ReadoutProps) {
  const values = useStepValues(props);
  return values && <strong>{formatValue(values.average)}</strong>;
}

function RawReadout(props: ReadoutProps) {
  const values = useStepValues(props);
  if (!values || values.average === values.raw) return null;
  return <>raw {formatValue(values.raw)}</>;
}
