import { useMemo, type ReactNode } from "react";
import type { BandRange } from "../../../common/config/referenceBand";
import type { SampleQuality } from "../../../common/protocol/trainer";
import { selectBandOf } from "../../store/bandSlice";
import { selectStepEnd } from "../../store/selectors";
import type { StudioState } from "../../store/studioStore";
import { formatTick, formatValue } from "../explain/format";
import { paperFidText } from "../explain/paperText";
import { useStudio } from "../useStudio";
import { ChartCard } from "./ChartCard";
import { StepCursors } from "./Cursors";
import { useDrawn } from "./drawQueue";
import { Plot } from "./Plot";
import type { PlotRow } from "./plotProps";
import { extent, linearScale, logScale, stepScale } from "./scale";
import { rangeOf, useReference } from "./reference";
import { useEmptyText, useReadoutStep, useTimelineMarks, useVisible } from "./useFigure";
import classes from "./charts.module.css";

const NO_RANGES: readonly BandRange[] = [];

const selectMeasured = (state: StudioState) => state.metrics.quality;

/** Measurements in the newest one's feature space: values of different spaces share no axis. */
function useQuality(curve: "kid" | "frechetTop", visible: boolean) {
  const all = useDrawn(selectMeasured, visible);
  const end = useDrawn(selectStepEnd, visible);
  const quality = useMemo(() => {
    const space = all.at(-1)?.space;
    return all.filter((m) => m.space === space);
  }, [all]);
  const later = useStudio((state) => state.experiment.value.evaluation.metricsEvery);
  const empty = useEmptyText(`First measured at step ${later}`);
  const x = useMemo(() => stepScale(end), [end]);
  const ranges = useReference(selectBandOf(curve), end);
  const sameSpace = useStudio(({ band }) => band?.space === quality.at(-1)?.space);
  const reference = sameSpace ? ranges : NO_RANGES;
  return { quality, x, empty, reference, marks: useTimelineMarks(visible) };
}

/** The measurement under the cursor: the newest that is not after it. Draws alone when the pointer moves. */
function QualityReadout(props: {
  readonly quality: readonly SampleQuality[];
  readonly children: (measured: SampleQuality) => ReactNode;
}) {
  const { quality, children } = props;
  const step = useReadoutStep();
  const measured =
    step === null ? quality.at(-1) : (quality.findLast((m) => m.step <= step) ?? quality[0]);
  return (
    measured && (
      <>
        {step !== null && `${measured.step} · `}
        {children(measured)}
      </>
    )
  );
}

const kidReadout = (m: SampleQuality) => (
  <>
    <strong>{formatValue(m.kid)}</strong> [{formatTick(m.kidLow, 3)}, {formatTick(m.kidHigh, 3)}]
  </>
);
const frechetReadout = (m: SampleQuality) => <strong>{formatValue(m.frechetTop)}</strong>;

export function KidChart() {
  const { ref, visible } = useVisible();
  const { quality, x, empty, reference, marks } = useQuality("kid", visible);
  const wantsLog = useStudio((state) => state.logCharts.includes("kid"));
  const rows = useMemo<readonly PlotRow[]>(
    () => quality.map((m) => ({ x: m.step, kid: m.kid, interval: [m.kidLow, m.kidHigh] })),
    [quality],
  );
  const range = useMemo(
    () =>
      extent([
        ...quality.flatMap((m) => [m.kidLow, m.kidHigh, m.kidFloor]),
        ...reference.flatMap(rangeOf),
      ]) ?? [0, 1],
    [quality, reference],
  );
  const useLog = wantsLog && range[0] > 0;
  const y = useMemo(
    () => (useLog ? logScale(range[0], range[1]) : linearScale(range[0], range[1])),
    [range, useLog],
  );
  const last = quality.at(-1);
  const levels = useMemo(
    () =>
      last ? [{ value: last.kidFloor, label: `real data ${formatValue(last.kidFloor)}` }] : [],
    [last],
  );
  return (
    <ChartCard
      label="KID by training step"
      title="KID × 1000"
      figureRef={ref}
      readout={<QualityReadout quality={quality}>{kidReadout}</QualityReadout>}
      note={
        last
          ? `n = ${last.sampleCount} samples against ${last.referenceCount} real · ${last.space} · 95 % interval over subsets · not an FID`
          : "Unbiased kernel distance with its interval; not an FID"
      }
      log={{
        name: "kid",
        refusal: range[0] > 0 ? null : "KID is unbiased and may be negative: no logarithmic axis",
      }}
      table={{ header: QUALITY_HEADER, rows: () => quality.map(qualityRow) }}
      empty={quality.length === 0 ? empty : null}
    >
      <StepCursors x={x}>
        <Plot
          rows={rows}
          lines={KID_LINES}
          bands={KID_BANDS}
          levels={levels}
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

/** The paper's FIDs as words: on this axis they would mislead. */
function PaperFid() {
  const shown = useStudio((state) => state.paperShown);
  const size = useStudio(({ run, experiment }) => (run.experiment ?? experiment.value).model.size);
  return shown && <div className={classes.paper}>{paperFidText(size)}</div>;
}

const KID_LINES = [{ key: "kid", color: "var(--chart-kid)", dots: true }];
const KID_BANDS = [{ key: "interval", color: "var(--chart-kid)" }];
const FRECHET_LINES = [{ key: "frechet", color: "var(--chart-frechet)", dots: true }];

export function FrechetChart() {
  const { ref, visible } = useVisible();
  const { quality, x, empty, reference, marks } = useQuality("frechetTop", visible);
  const wantsLog = useStudio((state) => state.logCharts.includes("frechet"));
  const rows = useMemo<readonly PlotRow[]>(
    () => quality.map((m) => ({ x: m.step, frechet: m.frechetTop })),
    [quality],
  );
  const range = useMemo(
    () =>
      extent([
        ...quality.flatMap((m) => [m.frechetTop, m.frechetFloor]),
        ...reference.flatMap(rangeOf),
      ]) ?? [0, 1],
    [quality, reference],
  );
  const useLog = wantsLog && range[0] > 0;
  const y = useMemo(
    () => (useLog ? logScale(range[0], range[1]) : linearScale(0, range[1])),
    [range, useLog],
  );
  const last = quality.at(-1);
  const levels = useMemo(
    () =>
      last
        ? [{ value: last.frechetFloor, label: `real halves ${formatValue(last.frechetFloor)}` }]
        : [],
    [last],
  );
  return (
    <ChartCard
      label="Fréchet distance by training step"
      title={`Fréchet, top ${last?.components ?? 32} PCs`}
      figureRef={ref}
      readout={<QualityReadout quality={quality}>{frechetReadout}</QualityReadout>}
      note={
        <>
          {last
            ? `n = ${last.pairCount} on each side · ${last.space} · floor: two disjoint real sets of ${last.pairCount} · not an FID`
            : "Distance on the real data's first principal components; not an FID"}
          <PaperFid />
        </>
      }
      log={{ name: "frechet", refusal: range[0] > 0 ? null : "The floor is not positive" }}
      table={{ header: QUALITY_HEADER, rows: () => quality.map(qualityRow) }}
      empty={quality.length === 0 ? empty : null}
    >
      <StepCursors x={x}>
        <Plot
          rows={rows}
          lines={FRECHET_LINES}
          levels={levels}
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

const QUALITY_HEADER = [
  "step",
  "space",
  "sampleCount",
  "pairCount",
  "referenceCount",
  "kid_x1000",
  "kidLow",
  "kidHigh",
  "kidFloor",
  "frechetTop",
  "components",
  "frechetFloor",
];

const qualityRow = (m: SampleQuality) => [
  m.step,
  m.space,
  m.sampleCount,
  m.pairCount,
  m.referenceCount,
  m.kid,
  m.kidLow,
  m.kidHigh,
  m.kidFloor,
  m.frechetTop,
  m.components,
  m.frechetFloor,
];
