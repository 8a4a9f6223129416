import { SegmentedControl } from "@mantine/core";
import { useMemo, useState } from "react";
import type { LayerAlignment } from "../../../common/protocol/trainer";
import { selectBandOfBlock } from "../../store/bandSlice";
import { alignmentAtStep, alignmentInForce, selectStepEnd } from "../../store/selectors";
import type { StudioState } from "../../store/studioStore";
import { formatValue } from "../explain/format";
import { encoderShort } from "../explain/names";
import { useStudio } from "../useStudio";
import { BlockLegend, blockLines } from "./blocks";
import { ChartCard, LegendKey } from "./ChartCard";
import { StepCursors } from "./Cursors";
import { useDrawn } from "./drawQueue";
import { Plot } from "./Plot";
import type { PlotLine, PlotRow } from "./plotProps";
import { extent, linearScale, stepScale, type Scale } from "./scale";
import { rangeOf, useReference } from "./reference";
import { useEmptyText, useReadoutStep, useTimelineMarks, useVisible } from "./useFigure";
import classes from "./charts.module.css";

const SERIES = ["var(--series-1)", "var(--series-2)", "var(--series-3)"] as const;
const seriesColor = (index: number): string => SERIES[index % SERIES.length] ?? SERIES[0];

const selectMeasured = (state: StudioState) => state.metrics.alignment;
const selectTimeline = (state: StudioState) => state.run.timeline;
const selectCursor = (state: StudioState) => state.cursorStep;

const HEADER = ["step", "encoder", "block", "cknna", "cka", "mutualKnn", "chance", "n", "k", "t"];
const tableRows = (measured: readonly LayerAlignment[]) =>
  measured.flatMap((m) =>
    m.cknna.map((cknna, index) => [
      m.step,
      m.encoder,
      index + 1,
      cknna,
      m.cka[index],
      m.mutualKnn[index],
      m.chance,
      m.imageCount,
      m.k,
      m.time,
    ]),
  );

const noteOf = (m: LayerAlignment | undefined): string =>
  m
    ? `n = ${m.imageCount} held-out, k = ${m.k}, t = ${m.time}, token mean · chance ${formatValue(m.chance)}`
    : "Agreement of hidden states with the encoder on held-out images";

function useEmpty(): string {
  const every = useStudio((state) => state.experiment.value.evaluation.metricsEvery);
  return useEmptyText(`First measured at step ${every}`);
}

/** Profile over blocks at the cursor's step, one line an encoder; the newest stays behind it, dashed. */
export function CknnaLayersChart() {
  const { ref, visible } = useVisible();
  const measured = useDrawn(selectMeasured, visible);
  const cursorStep = useDrawn(selectCursor, visible);
  const shown = useMemo(
    () => alignmentAtStep(measured, cursorStep ?? Infinity),
    [measured, cursorStep],
  );
  const newest = useMemo(() => alignmentAtStep(measured, Infinity), [measured]);
  const past = cursorStep !== null && shown.some((m, index) => m !== newest[index]);

  const { rows, x, y } = useMemo(() => profile(shown, newest, measured), [shown, newest, measured]);
  const lines = useMemo(() => profileLines(shown, past ? newest : []), [shown, newest, past]);
  const levels = useMemo(
    () => (newest[0] ? [{ value: newest[0].chance, label: "chance" }] : []),
    [newest],
  );
  const marks = useAlignedBlock(shown[0]?.step ?? 0, visible);
  const empty = useEmpty();
  return (
    <ChartCard
      label="CKNNA by layer"
      title="CKNNA by layer"
      figureRef={ref}
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
      note={noteOf(newest[0])}
      table={{ header: HEADER, rows: () => tableRows(shown) }}
      empty={measured.length === 0 ? empty : null}
    >
      <div className={classes.still}>
        <Plot rows={rows} lines={lines} levels={levels} marks={marks} x={x} y={y} />
      </div>
    </ChartCard>
  );
}

/** A mark at the block that was aligned at `step`. */
function useAlignedBlock(step: number, visible: boolean) {
  const experiment = useStudio((state) => state.run.experiment);
  const timeline = useDrawn(selectTimeline, visible);
  return useMemo(() => {
    const alignment = alignmentInForce(experiment, timeline, step);
    return alignment && alignment.projCoeff > 0
      ? [{ x: alignment.encoderDepth, label: "aligned" }]
      : [];
  }, [experiment, timeline, step]);
}

/** Air beside the first and the last block, as a share of the depth: points are not cut in half. */
const BLOCK_MARGIN = 0.06;

/** Rows by block; the axis spans all steps, so that scrubbing moves the line and not the axis. */
function profile(
  shown: readonly LayerAlignment[],
  newest: readonly LayerAlignment[],
  all: readonly LayerAlignment[],
): { rows: readonly PlotRow[]; x: Scale; y: Scale } {
  const depth = Math.max(1, ...newest.map((m) => m.cknna.length));
  const rows = Array.from({ length: depth }, (_, index): PlotRow => ({
    x: index + 1,
    ...Object.fromEntries(shown.map((m) => [m.encoder, m.cknna[index]])),
    ...Object.fromEntries(newest.map((m) => [`newest ${m.encoder}`, m.cknna[index]])),
  }));
  const range = extent(all.flatMap((m) => [...m.cknna, m.chance])) ?? [0, 1];
  const every = Math.ceil(depth / 14);
  const ticks = rows.map((row) => row.x).filter((block) => (block - 1) % every === 0);
  return {
    rows,
    x: { domain: [1 - BLOCK_MARGIN * depth, depth + BLOCK_MARGIN * depth], ticks },
    y: linearScale(Math.min(0, range[0]), range[1]),
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

/** One line a block over steps, for one encoder at a time. */
export function CknnaStepsChart() {
  const { ref, visible } = useVisible();
  const all = useDrawn(selectMeasured, visible);
  const end = useDrawn(selectStepEnd, visible);
  const encoders = useMemo(() => [...new Set(all.map((m) => m.encoder))], [all]);
  const [chosen, setChosen] = useState<string | null>(null);
  const encoder = chosen !== null && encoders.includes(chosen) ? chosen : encoders[0];
  const measured = useMemo(() => all.filter((m) => m.encoder === encoder), [all, encoder]);
  const depth = measured.at(-1)?.cknna.length ?? 0;
  const rows = useMemo(() => measured.map(blockRow), [measured]);
  const lines = useMemo(() => blockLines(depth), [depth]);
  const x = useMemo(() => stepScale(end), [end]);
  const aligned = useStudio(({ run }) => run.experiment?.alignment.encoderDepth ?? 1);
  const reference = useReference(selectBandOfBlock(encoder, aligned), end);
  const y = useMemo(() => {
    const values = measured.flatMap((m) => [...m.cknna, m.chance]);
    const range = extent([...values, ...reference.flatMap(rangeOf)]) ?? [0, 1];
    return linearScale(Math.min(0, range[0]), range[1]);
  }, [measured, reference]);
  const marks = useTimelineMarks(visible);
  const empty = useEmpty();
  return (
    <ChartCard
      label="CKNNA by training step"
      title="CKNNA over steps"
      figureRef={ref}
      readout={<BestBlock measured={measured} />}
      legend={
        <>
          <BlockLegend depth={depth} />
          {encoders.length > 1 && (
            <SegmentedControl
              className={classes.choice ?? ""}
              size="xs"
              aria-label="Encoder of CKNNA over steps"
              value={encoder ?? ""}
              onChange={setChosen}
              data={encoders.map((id) => ({ value: id, label: encoderShort(id) }))}
            />
          )}
        </>
      }
      note={noteOf(measured.at(-1))}
      table={{ header: HEADER, rows: () => tableRows(measured) }}
      empty={measured.length === 0 ? empty : null}
    >
      <StepCursors x={x}>
        <Plot rows={rows} lines={lines} reference={reference} marks={marks} x={x} y={y} />
      </StepCursors>
    </ChartCard>
  );
}

const blockRow = (m: LayerAlignment): PlotRow => ({
  x: m.step,
  ...Object.fromEntries(m.cknna.map((value, index) => [`block ${index + 1}`, value])),
});

function BestBlock({ measured }: { readonly measured: readonly LayerAlignment[] }) {
  const step = useReadoutStep();
  const at = step === null ? measured.at(-1) : measured.findLast((m) => m.step <= step);
  if (!at) return null;
  const best = Math.max(...at.cknna);
  return (
    <>
      {step !== null && `${at.step} · `}best <strong>{formatValue(best)}</strong>, block{" "}
      {at.cknna.indexOf(best) + 1}
    </>
  );
}
