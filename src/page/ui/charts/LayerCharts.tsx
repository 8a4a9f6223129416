import { SegmentedControl } from "@mantine/core";
import { Suspense, useMemo, useState } from "react";
import {
  valueOf,
  type LayerMetric,
  type LayerMetricId,
} from "../../../common/catalogue/liveMetrics";
import { evenly } from "../../../common/math/evenly";
import type { LayerAlignment } from "../../../common/protocol/trainer";
import { selectBandOfBlock } from "../../store/bandSlice";
import { selectOpenRun, type FigureRun } from "../../store/figureRuns";
import { alignmentAtStep, alignmentInForce, selectFirstMeasured } from "../../store/selectors";
import type { StudioState } from "../../store/studioStore";
import type { HeatValues } from "../analyse/heatData";
import { lazyPart } from "../components/lazyPart";
import { formatValue } from "../explain/format";
import { encoderShort, runLabel } from "../explain/names";
import { useStudio } from "../useStudio";
import { BlockLegend, blockLines } from "./blocks";
import { ChartCard, LegendKey } from "./ChartCard";
import { StepCursors } from "./Cursors";
import { useDrawn, type SeenFigure } from "./drawQueue";
import { layerTable, tableOfRuns } from "./measuredTables";
import { aboutOf, noteOf, scaleText, type Charted } from "./metricText";
import { Plot } from "./Plot";
import type { PlotLine, PlotMark, PlotRow } from "./plotProps";
import { ACROSS, placeOf } from "./runAxis";
import { extent, type Scale } from "./scale";
import { rangeOf, useReference } from "./reference";
import { useEmptyText, useReadoutStep, useTimelineMarks, useSeenFigure } from "./useFigure";
import { useFigureRuns, useRunAxis } from "./useRunAxis";
import { valueScale } from "./useValueAxis";
import classes from "./charts.module.css";

const SERIES = ["var(--series-1)", "var(--series-2)", "var(--series-3)"] as const;
const seriesColor = (index: number): string => SERIES[index % SERIES.length] ?? SERIES[0];

const selectMeasured = (state: StudioState) => state.metrics.layerAlignment;
const selectTimeline = (state: StudioState) => state.run.timeline;
const selectCursor = (state: StudioState) => state.cursorStep;

type Metric = Charted<LayerMetric<LayerMetricId>>;

const NO_VALUES: readonly number[] = [];
/** By block, 1 first; none where the measurement is older than the metric. */
const valuesOf = ({ id }: Metric, m: LayerAlignment): readonly number[] =>
  valueOf(m, id) ?? NO_VALUES;

/** Every number the axis has to hold. */
const drawnOf = (metric: Metric, measured: readonly LayerAlignment[]): readonly number[] =>
  measured.flatMap((m) => [...valuesOf(metric, m), ...(metric.hasChance ? [m.chance] : [])]);

function useEmpty(): string {
  const every = useStudio(selectFirstMeasured);
  return useEmptyText(`First measured at step ${every}`);
}

/**
 * Profile over blocks at the cursor's step. Of one run a line an encoder, and the newest behind it, dashed; of several a
 * line a run, against the encoder the first of them is measured with.
 */
export function LayerProfileChart({ metric }: { readonly metric: Metric }) {
  const { ref, figure } = useSeenFigure();
  const runs = useFigureRuns(figure);
  const measured = runs.filter(({ metrics }) => metrics.layerAlignment.length > 0);
  return measured.length > 1 ? (
    <ProfileOfRuns metric={metric} runs={measured} figureRef={ref} figure={figure} />
  ) : (
    <ProfileOfRun metric={metric} figureRef={ref} figure={figure} />
  );
}

interface ProfileProps {
  readonly metric: Metric;
  readonly figureRef: (element: HTMLElement | null) => void;
  readonly figure: SeenFigure;
}

/** The same measurement of each run, by block: which encoder, and up to which step. */
function ProfileOfRuns(props: ProfileProps & { readonly runs: readonly FigureRun[] }) {
  const { metric, runs, figureRef, figure } = props;
  const { chart } = metric;
  const cursorStep = useDrawn(selectCursor, figure);
  const encoder = runs.at(-1)?.metrics.layerAlignment.at(-1)?.encoder;
  const shown = useMemo(
    () =>
      runs.flatMap((run) => {
        const ofEncoder = run.metrics.layerAlignment.filter((m) => m.encoder === encoder);
        const m = ofEncoder.findLast(({ step }) => step <= (cursorStep ?? Infinity));
        return m ? [{ run, m, all: ofEncoder }] : [];
      }),
    [runs, encoder, cursorStep],
  );
  const { rows, x, y } = useMemo(
    () =>
      profile(
        metric,
        shown.map(({ run, m }) => ({ key: run.id, m })),
        shown.flatMap(({ all }) => all),
      ),
    [metric, shown],
  );
  const lines = useMemo(
    () =>
      shown.map(({ run }) => ({ key: run.id, color: run.color, dashed: run.dashed, dots: true })),
    [shown],
  );
  const last = shown.at(-1)?.m;
  const levels = useMemo(
    () => (last && metric.hasChance ? [{ value: last.chance, label: "chance" }] : []),
    [metric, last],
  );
  const empty = useEmpty();
  return (
    <ChartCard
      label={`${metric.name} by layer`}
      title={`${chart.title} by layer`}
      scale={scaleText(metric)}
      about={aboutOf(chart)}
      across="block, 1 first"
      figureRef={figureRef}
      readout={encoder !== undefined && encoderShort(encoder)}
      legend={shown.map(({ run, m }) => (
        <LegendKey key={run.id} color={run.color} dashed={run.dashed}>
          {runLabel(run, runs)}, step {m.step}
        </LegendKey>
      ))}
      note={noteOf(chart, last)}
      table={tableOfRuns(
        shown.map(({ run }) => run),
        ({ id }) => layerTable(shown.flatMap(({ run, m }) => (run.id === id ? [m] : []))),
      )}
      empty={shown.length === 0 ? empty : null}
    >
      <div className={classes.still}>
        <Plot rows={rows} lines={lines} levels={levels} marks={NO_MARKS} x={x} y={y} />
      </div>
    </ChartCard>
  );
}

const NO_MARKS: readonly PlotMark[] = [];

function ProfileOfRun({ metric, figureRef, figure }: ProfileProps) {
  const { chart } = metric;
  const measured = useDrawn(selectMeasured, figure);
  const cursorStep = useDrawn(selectCursor, figure);
  const shown = useMemo(
    () => alignmentAtStep(measured, cursorStep ?? Infinity),
    [measured, cursorStep],
  );
  const newest = useMemo(() => alignmentAtStep(measured, Infinity), [measured]);
  const past = cursorStep !== null && shown.some((m, index) => m !== newest[index]);

  const { rows, x, y } = useMemo(
    () =>
      profile(
        metric,
        [
          ...shown.map((m) => ({ key: m.encoder, m })),
          ...newest.map((m) => ({ key: `newest ${m.encoder}`, m })),
        ],
        measured,
      ),
    [metric, shown, newest, measured],
  );
  const lines = useMemo(() => profileLines(shown, past ? newest : []), [shown, newest, past]);
  const levels = useMemo(
    () => (newest[0] && metric.hasChance ? [{ value: newest[0].chance, label: "chance" }] : []),
    [metric, newest],
  );
  const open = useDrawn(selectOpenRun, figure);
  const marks = useAlignedBlock(shown[0]?.step ?? 0, figure);
  const empty = useEmpty();
  return (
    <ChartCard
      label={`${metric.name} by layer`}
      title={`${chart.title} by layer`}
      scale={scaleText(metric)}
      about={aboutOf(chart)}
      across="block, 1 first"
      figureRef={figureRef}
      readout={
        shown[0] && (
          <>
            step <strong>{shown[0].step}</strong>
          </>
        )
      }
      legend={
        <>
          {shown.map((m, index) => (
            <LegendKey key={m.encoder} color={seriesColor(index)}>
              {encoderShort(m.encoder)}
            </LegendKey>
          ))}
          {past && (
            <LegendKey color="var(--ink-faint)" dashed>
              newest
            </LegendKey>
          )}
        </>
      }
      note={noteOf(chart, newest[0])}
      table={tableOfRuns(open ? [open] : [], () => layerTable(shown))}
      empty={measured.length === 0 ? empty : null}
    >
      <div className={classes.still}>
        <Plot rows={rows} lines={lines} levels={levels} marks={marks} x={x} y={y} />
      </div>
    </ChartCard>
  );
}

/** A mark at the block that was aligned at `step`. */
function useAlignedBlock(step: number, figure: SeenFigure) {
  const experiment = useStudio((state) => state.run.experiment);
  const timeline = useDrawn(selectTimeline, figure);
  return useMemo(() => {
    const alignment = alignmentInForce(experiment, timeline, step);
    return alignment && alignment.projCoeff > 0
      ? [{ x: alignment.encoderDepth, label: "aligned" }]
      : [];
  }, [experiment, timeline, step]);
}

/** Air beside the first and the last block, as a share of the depth: points are not cut in half. */
const BLOCK_MARGIN = 0.06;

/** Rows by block; the axis spans all steps, so that scrubbing moves the lines and not the axis. */
function profile(
  metric: Metric,
  measured: readonly { readonly key: string; readonly m: LayerAlignment }[],
  all: readonly LayerAlignment[],
): { rows: readonly PlotRow[]; x: Scale; y: Scale } {
  const depth = Math.max(1, ...measured.map(({ m }) => valuesOf(metric, m).length));
  const rows = Array.from({ length: depth }, (_, index): PlotRow => ({
    x: index + 1,
    ...Object.fromEntries(measured.map(({ key, m }) => [key, valuesOf(metric, m)[index]])),
  }));
  const range = extent(drawnOf(metric, all)) ?? [0, 1];
  const every = Math.ceil(depth / 14);
  const ticks = rows.map((row) => row.x).filter((block) => (block - 1) % every === 0);
  return {
    rows,
    x: { domain: [1 - BLOCK_MARGIN * depth, depth + BLOCK_MARGIN * depth], ticks },
    y: valueScale(metric.chart.axis, ...range),
  };
}

const profileLines = (
  shown: readonly LayerAlignment[],
  newest: readonly LayerAlignment[],
): readonly PlotLine[] => [
  ...newest.map((m, index) => ({
    key: `newest ${m.encoder}`,
    color: seriesColor(index),
    dashed: true,
    opacity: 0.45,
  })),
  ...shown.map((m, index) => ({ key: m.encoder, color: seriesColor(index), dots: true })),
];

const HeatMap = lazyPart(() => import("../analyse/HeatMap").then((module) => module.HeatMap));

const DRAWN_AS = [
  { value: "lines", label: "Lines" },
  { value: "map", label: "Map" },
];

/** More columns than this are too narrow to be told apart. */
const MOST_COLUMNS = 32;

/** Blocks upward and steps across; of many measurements as many as can be seen. */
function heatOf(metric: Metric, measured: readonly LayerAlignment[], depth: number): HeatValues {
  const shown = evenly(measured, MOST_COLUMNS);
  const blocks = Array.from({ length: depth }, (_, block) => block);
  return {
    rows: blocks.map((block) => String(block + 1)),
    columns: shown.map(({ step }) => String(step)),
    values: blocks.map((block) => shown.map((m) => valuesOf(metric, m)[block] ?? null)),
    columnName: "training step",
    valueName: metric.name,
  };
}

/** One line a block over steps, for one encoder at a time, or all of it as a map. */
export function LayerStepsChart({ metric }: { readonly metric: Metric }) {
  const { id, name, chart } = metric;
  const { ref, figure } = useSeenFigure();
  const all = useDrawn(selectMeasured, figure);
  const runs = useFigureRuns(figure);
  const axis = useRunAxis(runs);
  const open = useDrawn(selectOpenRun, figure);
  const encoders = useMemo(() => [...new Set(all.map((m) => m.encoder))], [all]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [drawnAs, setDrawnAs] = useState<"lines" | "map">("lines");
  const encoder = chosen !== null && encoders.includes(chosen) ? chosen : encoders[0];
  const measured = useMemo(() => all.filter((m) => m.encoder === encoder), [all, encoder]);
  const last = measured.at(-1);
  const depth = useMemo(() => (last ? valuesOf(metric, last).length : 0), [metric, last]);
  const rows = useMemo(
    () =>
      open ? measured.map((m) => blockRow(metric, m, placeOf(axis.mode, open, m.step))) : NO_ROWS,
    [metric, measured, open, axis.mode],
  );
  const lines = useMemo(() => blockLines(depth), [depth]);
  const aligned = useStudio(({ run }) => run.experiment?.alignment.encoderDepth ?? 1);
  const reference = useReference(selectBandOfBlock(id, encoder, aligned), axis);
  const y = useMemo(() => {
    const values = drawnOf(metric, measured);
    const range = extent([...values, ...reference.flatMap(rangeOf)]) ?? [0, 1];
    return valueScale(metric.chart.axis, ...range);
  }, [metric, measured, reference]);
  const marks = useTimelineMarks(figure, axis);
  const empty = useEmpty();
  return (
    <ChartCard
      label={`${name} by training step`}
      title={`${chart.title} over steps`}
      scale={scaleText(metric)}
      about={aboutOf(chart)}
      across={ACROSS[axis.mode]}
      figureRef={ref}
      readout={<BestBlock metric={metric} measured={measured} />}
      legend={
        <>
          <BlockLegend depth={depth} />
          {encoders.length > 1 && (
            <SegmentedControl
              className={classes.choice ?? ""}
              size="xs"
              aria-label={`Encoder of ${chart.title} over steps`}
              value={encoder ?? ""}
              onChange={setChosen}
              data={encoders.map((id) => ({ value: id, label: encoderShort(id) }))}
            />
          )}
        </>
      }
      controls={
        <SegmentedControl
          className={classes.choice ?? ""}
          size="xs"
          aria-label={`${chart.title} over steps as`}
          value={drawnAs}
          onChange={(value) => setDrawnAs(value === "map" ? "map" : "lines")}
          data={DRAWN_AS}
        />
      }
      note={noteOf(chart, last)}
      table={tableOfRuns(open ? [open] : [], () => layerTable(measured))}
      empty={measured.length === 0 ? empty : null}
    >
      {drawnAs === "map" ? (
        <Suspense fallback={<div className={classes.empty} />}>
          <HeatMap data={heatOf(metric, measured, depth)} label={`${chart.title} over steps`} />
        </Suspense>
      ) : (
        <StepCursors axis={axis}>
          <Plot
            rows={rows}
            lines={lines}
            reference={reference}
            marks={marks}
            x={axis.scale}
            xLog={axis.log}
            y={y}
          />
        </StepCursors>
      )}
    </ChartCard>
  );
}

const NO_ROWS: readonly PlotRow[] = [];

const blockRow = (metric: Metric, m: LayerAlignment, x: number): PlotRow => ({
  x,
  ...Object.fromEntries(valuesOf(metric, m).map((value, index) => [`block ${index + 1}`, value])),
});

/** The block of the best value, under the cursor or now. */
function BestBlock(props: {
  readonly metric: Metric;
  readonly measured: readonly LayerAlignment[];
}) {
  const { metric, measured } = props;
  const step = useReadoutStep();
  const at = step === null ? measured.at(-1) : measured.findLast((m) => m.step <= step);
  const values = at ? valuesOf(metric, at) : NO_VALUES;
  if (!at || values.length === 0) return null;
  const best = metric.better === "lower" ? Math.min(...values) : Math.max(...values);
  return (
    <>
      {step !== null && `${at.step} · `}best <strong>{formatValue(best)}</strong>, block{" "}
      {values.indexOf(best) + 1}
    </>
  );
}
