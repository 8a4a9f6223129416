import { useMemo } from "react";
import type { BandCurve } from "../../../common/config/referenceBand";
import { minMaxIndices } from "../../../common/math/decimate";
import { exponentialSmooth } from "../../../common/math/smooth";
import { lastStep, nearestIndex, stepAt, type StepColumn, type StepLog } from "../../store/stepLog";
import { selectBandOf } from "../../store/bandSlice";
import { stepEnd } from "../../store/selectors";
import type { StudioState } from "../../store/studioStore";
import { useStudio } from "../useStudio";
import { ChartCard } from "./ChartCard";
import { StepCursors } from "./Cursors";
import { useDrawn } from "./drawQueue";
import { Plot } from "./Plot";
import type { PlotLine, PlotRow } from "./plotProps";
import { extent, linearScale, logScale, stepScale } from "./scale";
import { rangeOf, useReference } from "./reference";
import { useEmptyText, useReadoutStep, useTimelineMarks, useVisible } from "./useFigure";
import { formatValue } from "../explain/format";

/** Most points a line is drawn with, whatever was logged. */
export const MAX_POINTS = 600;

export interface LogChartProps {
  readonly column: BandCurve & StepColumn;
  readonly label: string;
  readonly title: string;
  readonly color: string;
  readonly note: string;
  readonly wide?: boolean;
}

const selectSmoothing = (state: StudioState) => state.smoothing;
const selectLog = (state: StudioState) => state.run.log;

/** A logged column by training step: raw values faint, their moving average on top. */
export function LogChart({ column, label, title, color, note, wide = false }: LogChartProps) {
  const { ref, visible } = useVisible();
  const log = useDrawn(selectLog, visible);
  const smoothing = useDrawn(selectSmoothing, visible);
  const wantsLog = useStudio((state) => state.logCharts.includes(column));
  const marks = useTimelineMarks(visible);
  const empty = useEmptyText(null);

  const smooth = useMemo(
    () => exponentialSmooth(log.columns[column], log.length, smoothing),
    [log, column, smoothing],
  );
  const rows = useMemo(() => thinned(log, column, smooth), [log, column, smooth]);
  const end = stepEnd(lastStep(log));
  const x = useMemo(() => stepScale(end), [end]);
  const reference = useReference(selectBandOf(column), end);
  const range = useMemo(
    () =>
      extent([...rows.map((row) => asNumber(row.raw)), ...reference.flatMap(rangeOf)]) ?? [0, 1],
    [rows, reference],
  );
  const positive = range[0] > 0;
  const useLog = wantsLog && positive;
  const y = useMemo(
    () => (useLog ? logScale(range[0], range[1]) : linearScale(range[0], range[1])),
    [range, useLog],
  );
  const lines = useMemo(() => linesOf(color, smoothing > 0), [color, smoothing]);

  return (
    <ChartCard
      label={label}
      title={title}
      note={note}
      wide={wide}
      figureRef={ref}
      readout={<LogReadout log={log} column={column} smooth={smooth} />}
      log={{
        name: column,
        refusal: positive ? null : `${title} is not always positive: no logarithmic axis`,
      }}
      table={{ header: ["step", column], rows: () => tableRows(log, column) }}
      empty={log.length === 0 ? empty : null}
    >
      <StepCursors x={x}>
        <Plot
          rows={rows}
          lines={lines}
          reference={reference}
          marks={marks}
          x={x}
          y={y}
          log={useLog}
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

function* tableRows(log: StepLog, column: StepColumn) {
  for (let index = 0; index < log.length; index++) {
    yield [stepAt(log, index), log.columns[column][index]];
  }
}

function LogReadout(props: {
  readonly log: StepLog;
  readonly column: StepColumn;
  readonly smooth: Float64Array;
}) {
  const { log, column, smooth } = props;
  const step = useReadoutStep();
  const index = step === null ? log.length - 1 : nearestIndex(log, step);
  const raw = log.columns[column][index];
  if (index < 0 || raw === undefined) return null;
  const average = smooth[index];
  return (
    <>
      <strong>{formatValue(average ?? raw)}</strong>
      {average !== undefined && average !== raw && ` raw ${formatValue(raw)}`}
    </>
  );
}
