import { useMemo } from "react";
import type { GradientConflict, GroupConflict } from "../../../common/protocol/trainer";
import type { StudioState } from "../../store/studioStore";
import { formatValue } from "../explain/format";
import { useStudio } from "../useStudio";
import { BlockLegend, blockLines } from "./blocks";
import { ChartCard, LegendKey } from "./ChartCard";
import { StepCursors } from "./Cursors";
import { useDrawn } from "./drawQueue";
import { Plot } from "./Plot";
import type { PlotRow } from "./plotProps";
import { stepScale, type Scale } from "./scale";
import { useEmptyText, useReadoutStep, useTimelineMarks, useVisible } from "./useFigure";
import { selectStepEnd } from "../../store/selectors";

const selectMeasured = (state: StudioState) => state.metrics.conflict;
const selectEvery = ({ run, experiment }: StudioState) =>
  (run.experiment ?? experiment.value).evaluation.conflictEvery;

const Y: Scale = { domain: [-1, 1], ticks: [-1, -0.5, 0, 0.5, 1] };
const LEVELS = [{ value: 0, label: "no conflict" }];
/** More points than this are a line without dots. */
const DOTTED = 40;

/** Shown where the meter is on or was. */
export function ConflictChart() {
  const shown = useStudio((state) => state.metrics.conflict.length > 0 || selectEvery(state) > 0);
  return shown ? <ConflictFigure /> : null;
}

function ConflictFigure() {
  const { ref, visible } = useVisible();
  const measured = useDrawn(selectMeasured, visible);
  const end = useDrawn(selectStepEnd, visible);
  const marks = useTimelineMarks(visible);
  const x = useMemo(() => stepScale(end), [end]);
  const rows = useMemo(() => measured.map(conflictRow), [measured]);
  const depth = Math.max(0, ...measured.map((m) => m.encoderDepth));
  const lines = useMemo(() => linesOf(depth, measured.length <= DOTTED), [depth, measured.length]);
  const every = useStudio(selectEvery);
  const empty = useEmptyText(`First measured at step ${every}`);
  return (
    <ChartCard
      label="Gradient conflict by block"
      title="Gradient conflict by block"
      figureRef={ref}
      readout={<LowestBlock measured={measured} />}
      legend={
        <>
          <BlockLegend depth={depth} />
          <LegendKey color={EMBEDDERS_COLOR} dashed>
            embedders
          </LegendKey>
        </>
      }
      note={noteOf(measured.at(-1))}
      table={{ header: HEADER, rows: () => tableRows(measured) }}
      empty={measured.length === 0 ? empty : null}
    >
      <StepCursors x={x}>
        <Plot rows={rows} lines={lines} levels={LEVELS} marks={marks} x={x} y={Y} gaps />
      </StepCursors>
    </ChartCard>
  );
}

const EMBEDDERS = "embedders";
const EMBEDDERS_COLOR = "var(--ink-faint)";

const conflictRow = (m: GradientConflict): PlotRow => ({
  x: m.step,
  [EMBEDDERS]: m.embedders.cosine ?? undefined,
  ...Object.fromEntries(
    m.blocks.map(({ cosine }, index) => [`block ${index + 1}`, cosine ?? undefined]),
  ),
});

const linesOf = (depth: number, dotted: boolean) => [
  { key: EMBEDDERS, color: EMBEDDERS_COLOR, dashed: true },
  ...blockLines(depth).map((line) => ({ ...line, dots: dotted })),
];

const MEANING =
  "Cosine of the velocity and the alignment gradient: + both losses ask for the same change, − one undoes the other";

function noteOf(m: GradientConflict | undefined): string {
  if (!m) return MEANING;
  const { encoderDepth, imageCount, batchSize, projCoeff, blocks } = m;
  const images =
    imageCount < batchSize
      ? `first micro-batch, ${imageCount} of ${batchSize} images`
      : `batch of ${batchSize}`;
  const behind =
    encoderDepth < blocks.length
      ? ` · blocks behind ${encoderDepth} get no alignment gradient`
      : "";
  return `${MEANING} · ${images}, before clipping and without λ (${formatValue(projCoeff)})${behind}`;
}

/** The block where the losses disagree most, under the cursor or now. */
function LowestBlock({ measured }: { readonly measured: readonly GradientConflict[] }) {
  const step = useReadoutStep();
  const at = step === null ? measured.at(-1) : measured.findLast((m) => m.step <= step);
  const cosines = (at?.blocks ?? []).flatMap(({ cosine }, index) =>
    cosine === null ? [] : [{ cosine, block: index + 1 }],
  );
  const [first, ...others] = cosines;
  if (!at || !first) return null;
  const lowest = others.reduce((low, next) => (next.cosine < low.cosine ? next : low), first);
  return (
    <>
      {step !== null && `${at.step} · `}lowest <strong>{formatValue(lowest.cosine)}</strong>, block{" "}
      {lowest.block}
    </>
  );
}

const HEADER = [
  "step",
  "group",
  "cosine",
  "velocityNorm",
  "alignmentNorm",
  "encoderDepth",
  "lambda",
  "objective",
  "encoders",
  "imageCount",
  "batchSize",
];

function tableRows(measured: readonly GradientConflict[]) {
  const rowOf = (m: GradientConflict, name: string, group: GroupConflict) => [
    m.step,
    name,
    group.cosine ?? undefined,
    group.velocityNorm,
    group.alignmentNorm ?? undefined,
    m.encoderDepth,
    m.projCoeff,
    m.objective,
    m.encoders.join(" + "),
    m.imageCount,
    m.batchSize,
  ];
  return measured.flatMap((m) => [
    rowOf(m, EMBEDDERS, m.embedders),
    ...m.blocks.map((group, index) => rowOf(m, `block ${index + 1}`, group)),
  ]);
}
