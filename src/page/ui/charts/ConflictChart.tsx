import { useMemo } from "react";
import {
  valueOf,
  type ConflictMetricId,
  type LiveMetric,
} from "../../../common/catalogue/liveMetrics";
import type { GradientConflict } from "../../../common/protocol/trainer";
import type { StudioState } from "../../store/studioStore";
import { formatValue } from "../explain/format";
import { useStudio } from "../useStudio";
import { BlockLegend, blockLines } from "./blocks";
import { ChartCard, LegendKey } from "./ChartCard";
import { StepCursors } from "./Cursors";
import { useDrawn } from "./drawQueue";
import { conflictTable, tableOfRuns } from "./measuredTables";
import { aboutOf, scaleText, type Charted } from "./metricText";
import { Plot } from "./Plot";
import type { PlotRow } from "./plotProps";
import { ACROSS, placeOf } from "./runAxis";
import { useEmptyText, useReadoutStep, useTimelineMarks, useSeenFigure } from "./useFigure";
import { useFigureRuns, useRunAxis } from "./useRunAxis";
import { useValueAxis } from "./useValueAxis";
import { selectOpenRun } from "../../store/figureRuns";

const selectMeasured = (state: StudioState) => state.metrics.gradientConflict;
const selectEvery = ({ run, experiment }: StudioState) =>
  (run.experiment ?? experiment.value).evaluation.conflictEvery;

type Metric = Charted<LiveMetric<ConflictMetricId>>;

/** More points than this are a line without dots. */
const DOTTED = 40;

/** A metric of the gradient conflict by block. Shown where it is measured or was. */
export function ConflictChart({ metric }: { readonly metric: Metric }) {
  const shown = useStudio((state) => selectMeasured(state).length > 0 || selectEvery(state) > 0);
  return shown ? <ConflictFigure metric={metric} /> : null;
}

function ConflictFigure({ metric }: { readonly metric: Metric }) {
  const { chart } = metric;
  const { ref, figure } = useSeenFigure();
  const measured = useDrawn(selectMeasured, figure);
  const runs = useFigureRuns(figure);
  const axis = useRunAxis(runs);
  const open = useDrawn(selectOpenRun, figure);
  const marks = useTimelineMarks(figure, axis);
  const rows = useMemo(
    () =>
      open
        ? measured.map((m) => conflictRow(metric, m, placeOf(axis.mode, open, m.step)))
        : NO_ROWS,
    [metric, measured, open, axis.mode],
  );
  const depth = Math.max(0, ...measured.map((m) => m.encoderDepth));
  const lines = useMemo(() => linesOf(depth, measured.length <= DOTTED), [depth, measured.length]);
  const levels = useMemo(() => (chart.level ? [chart.level] : []), [chart]);
  const drawn = useMemo(() => measured.flatMap((m) => drawnOf(metric, m)), [metric, measured]);
  const { y } = useValueAxis(metric, chart.title, drawn);
  const every = useStudio(selectEvery);
  const empty = useEmptyText(`First measured at step ${every}`);
  return (
    <ChartCard
      label={`${metric.name} by block`}
      title={chart.title}
      scale={scaleText(metric)}
      about={aboutOf(chart)}
      across={ACROSS[axis.mode]}
      figureRef={ref}
      readout={<LowestBlock metric={metric} measured={measured} />}
      legend={
        <>
          <BlockLegend depth={depth} />
          <LegendKey color={EMBEDDERS_COLOR} dashed>
            embedders
          </LegendKey>
        </>
      }
      note={noteOf(chart.note, measured.at(-1))}
      table={tableOfRuns(open ? [open] : [], () => conflictTable(measured))}
      empty={measured.length === 0 ? empty : null}
    >
      <StepCursors axis={axis}>
        <Plot
          rows={rows}
          lines={lines}
          levels={levels}
          marks={marks}
          x={axis.scale}
          xLog={axis.log}
          y={y}
          gaps
        />
      </StepCursors>
    </ChartCard>
  );
}

const EMBEDDERS = "embedders";
const EMBEDDERS_COLOR = "var(--ink-faint)";

const NO_ROWS: readonly PlotRow[] = [];

const conflictRow = ({ id }: Metric, m: GradientConflict, x: number): PlotRow => ({
  x,
  [EMBEDDERS]: valueOf(m.embedders, id) ?? undefined,
  ...Object.fromEntries(
    m.blocks.map((group, index) => [`block ${index + 1}`, valueOf(group, id) ?? undefined]),
  ),
});

/** Every number the axis has to hold. */
const drawnOf = ({ id }: Metric, m: GradientConflict): readonly (number | undefined)[] =>
  [m.embedders, ...m.blocks].map((group) => valueOf(group, id) ?? undefined);

const linesOf = (depth: number, dotted: boolean) => [
  { key: EMBEDDERS, color: EMBEDDERS_COLOR, dashed: true },
  ...blockLines(depth).map((line) => ({ ...line, dots: dotted })),
];

function noteOf(meaning: string, m: GradientConflict | undefined): string {
  if (!m) return meaning;
  const { encoderDepth, imageCount, batchSize, projCoeff, blocks } = m;
  const images =
    imageCount < batchSize
      ? `first micro-batch, ${imageCount} of ${batchSize} images`
      : `batch of ${batchSize}`;
  const behind =
    encoderDepth < blocks.length
      ? ` · blocks behind ${encoderDepth} get no alignment gradient`
      : "";
  return `${meaning} · ${images}, before clipping and without λ (${formatValue(projCoeff)})${behind}`;
}

/** The block where the losses disagree most, under the cursor or now. */
function LowestBlock(props: {
  readonly metric: Metric;
  readonly measured: readonly GradientConflict[];
}) {
  const { metric, measured } = props;
  const step = useReadoutStep();
  const at = step === null ? measured.at(-1) : measured.findLast((m) => m.step <= step);
  const found = (at?.blocks ?? []).flatMap((group, index) => {
    const value = valueOf(group, metric.id) ?? null;
    return value === null ? [] : [{ value, block: index + 1 }];
  });
  const [first, ...others] = found;
  if (!at || !first) return null;
  const lowest = others.reduce((low, next) => (next.value < low.value ? next : low), first);
  return (
    <>
      {step !== null && `${at.step} · `}lowest <strong>{formatValue(lowest.value)}</strong>, block{" "}
      {lowest.block}
    </>
  );
}
