import { useMemo } from "react";
import type { StepMetric, StepMetricId } from "../../../common/catalogue/liveMetrics";
import { minMaxIndices } from "../../../common/math/decimate";
import { exponentialSmooth } from "../../../common/math/smooth";
import { lastStep, nearestIndex, stepAt, type StepColumn, type StepLog } from "../../store/stepLog";
import { selectBandOf } from "../../store/bandSlice";
import { stepEnd } from "../../store/selectors";
import type { StudioState } from "../../store/studioStore";
import { formatValue } from "../explain/format";
import { ChartCard } from "./ChartCard";
import { StepCursors } from "./Cursors";
import { useDrawn } from "./drawQueue";
import { stepTable } from "./measuredTables";
import { colorOf, scaleText, type Charted } from "./metricText";
import { Plot } from "./Plot";
import type { PlotLine, PlotRow } from "./plotProps";
import { stepScale } from "./scale";
import { rangeOf, useReference } from "./reference";
import { useEmptyText, useReadoutStep, useTimelineMarks, useVisible } from "./useFigure";
import { useValueAxis } from "./useValueAxis";

/** Most points a line is drawn with, whatever was logged. */
const MAX_POINTS = 600;

const selectSmoothing = (state: StudioState) => state.smoothing;
const selectLog = (state: StudioState) => state.run.log;

/** A logged metric by training step: raw values faint, their moving average on top. */
export function StepChart({ metric }: { readonly metric: Charted<StepMetric<StepMetricId>> }) {
  const { id, name, chart } = metric;
  const { ref, visible } = useVisible();
  const log = useDrawn(selectLog, visible);
  const smoothing = useDrawn(selectSmoothing, visible);
  const marks = useTimelineMarks(visible);
  const empty = useEmptyText(null);

  const smooth = useMemo(
    () => exponentialSmooth(log.columns[id], log.length, smoothing),
    [log, id, smoothing],
  );
  const rows = useMemo(() => thinned(log, id, smooth), [log, id, smooth]);
  const end = stepEnd(lastStep(log));
  const x = useMemo(() => stepScale(end), [end]);
  const reference = useReference(selectBandOf(id), end);
  const shown = useMemo(
    () => [...rows.map((row) => asNumber(row.raw)), ...reference.flatMap(rangeOf)],
    [rows, reference],
  );
  const axis = useValueAxis(metric, chart.title, shown);
  const color = colorOf(chart);
  const lines = useMemo(() => linesOf(color, smoothing > 0), [color, smoothing]);

  return (
    <ChartCard
      label={`${name} by training step`}
      title={chart.title}
      scale={scaleText(metric)}
      note={chart.note}
      wide={chart.wide ?? false}
      figureRef={ref}
      readout={<StepReadout log={log} column={id} smooth={smooth} />}
      aside={<RawReadout log={log} column={id} smooth={smooth} />}
      log={axis.choice}
      table={stepTable(log, id)}
      empty={log.length === 0 ? empty : null}
    >
      <StepCursors x={x}>
        <Plot
          rows={rows}
          lines={lines}
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

const linesOf = (color: string, smoothed: boolean): readonly PlotLine[] =>
  smoothed
    ? [
        { key: "raw", color, width: 1, opacity: 0.28 },
        { key: "smooth", color, width: 1.8 },
      ]
    : [{ key: "raw", color, width: 1.3 }];

const asNumber = (value: PlotRow[string]): number | undefined =>
  typeof value === "number" ? value : undefined;

/** At most MAX_POINTS rows that keep every spike of the raw column; the average is read at the same steps. */
function thinned(log: StepLog, column: StepColumn, smooth: Float64Array): readonly PlotRow[] {
  const values = log.columns[column];
  return minMaxIndices(values, log.length, MAX_POINTS).map((index) => ({
    x: stepAt(log, index),
    raw: values[index],
    smooth: smooth[index],
  }));
}

interface ReadoutProps {
  readonly log: StepLog;
  readonly column: StepColumn;
  readonly smooth: Float64Array;
}

/** Raw value and average where the readout stands. */
function useStepValues({ log, column, smooth }: ReadoutProps) {
  const step = useReadoutStep();
  const index = step === null ? log.length - 1 : nearestIndex(log, step);
  const raw = log.columns[column][index];
  return index < 0 || raw === undefined ? null : { raw, average: smooth[index] ?? raw };
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
