import { featureSpaceLabel, type FeatureSpaceId } from "../../../common/catalogue/featureSpaces";
import type { StoredAnalysis } from "../../../common/protocol/analysis";
import type { SampleQuality } from "../../../common/protocol/trainer";
import type { AnalysedRun } from "../../store/analysisSlice";
import {
  ANALYSE_FIRST,
  best,
  emptyFigure,
  legendOf,
  lineFigure,
  noteText,
  percent,
  provenance,
  valueScale,
  type Drawing,
  type LineFigure,
} from "./figure";
import type { FigureInput } from "./figureInput";
import { comparable, resultsOf, settingOf, type SubjectResult } from "./results";
import { sampleMetricName } from "./sampleLabels";
import { scatter } from "./scatter";
import { timeText, type ShownSubject } from "./subjects";

export type SampleMetric = "kid" | "frechetTop";

/** A subject's sample metric, from its analysis or from the run's own log at that step. */
interface Measured {
  readonly values: Pick<
    SampleQuality,
    "kid" | "frechetTop" | "sampleCount" | "pairCount" | "referenceCount"
  >;
  readonly from: "analysis" | "log";
}

function measuredOf(
  results: readonly StoredAnalysis[],
  runs: readonly AnalysedRun[],
  shown: ShownSubject,
  space: FeatureSpaceId,
): Measured | null {
  const own = resultsOf(results, [shown], "samples").findLast(
    ({ result }) => result.space === space,
  );
  if (own) return { values: own.result, from: "analysis" };
  const { subject, step } = shown;
  const run = subject.kind === "run" && runs.find(({ id }) => id === subject.runId);
  const label = featureSpaceLabel(space);
  const logged = run
    ? run.measurements.find(
        (m): m is SampleQuality =>
          m.kind === "sampleQuality" && m.step === step && m.space === label,
      )
    : undefined;
  return logged ? { values: logged, from: "log" } : null;
}

const HEADER = [
  "subject",
  "step",
  "metric",
  "space",
  "value",
  "sampleCount",
  "from",
  "accuracy_share",
  "bestBlock",
  "t",
  "seed",
  "adapter",
];

export interface AccuracyByMetricQuery extends Pick<
  FigureInput,
  "results" | "subjects" | "runs" | "time"
> {
  readonly space: FeatureSpaceId;
  readonly metric: SampleMetric;
}

interface Dot {
  readonly probe: SubjectResult<"probe">;
  readonly measured: Measured;
  readonly top: { readonly value: number; readonly block: number };
}

/** Subjects whose samples were measured as well, and how many were measured on other counts. */
function dotsOf(
  { results, runs, space }: AccuracyByMetricQuery,
  drawn: readonly SubjectResult<"probe">[],
) {
  const all = drawn.flatMap((probe): Dot[] => {
    const measured = measuredOf(results, runs, probe.shown, space);
    const top = best(probe.result.layers.map(({ accuracy }) => accuracy.value));
    return measured && top ? [{ probe, measured, top }] : [];
  });
  const countOf = ({ measured: { values } }: Dot) => `${values.sampleCount}/${values.pairCount}`;
  const newest = all.at(-1);
  const dots = all.filter((dot) => newest && countOf(dot) === countOf(newest));
  return { dots, otherCounts: all.length - dots.length };
}

function draw(dots: readonly Dot[], metric: SampleMetric, xName: string): Drawing {
  const points = dots.map(({ probe: { shown }, measured, top }) => ({
    key: shown.key,
    label: shown.label,
    color: shown.color,
    x: measured.values[metric],
    y: percent(top.value),
  }));
  const axes = {
    x: valueScale(
      points.map(({ x }) => x),
      [0, 1],
    ),
    y: valueScale(
      points.map(({ y }) => y),
      [0, 100],
    ),
  };
  return scatter(points, axes, xName);
}

const cellsOf = (
  { probe: { shown, result, stored }, measured, top }: Dot,
  { metric, space }: AccuracyByMetricQuery,
) => [
  shown.label,
  shown.step,
  metric === "kid" ? "kid_x1000" : "frechetTop",
  featureSpaceLabel(space),
  measured.values[metric],
  measured.values.sampleCount,
  measured.from,
  top.value,
  top.block,
  result.time,
  stored.seed,
  stored.device.adapter,
];

/** As Figure 5: probe accuracy of the best block in % against how far samples are from real images. */
export function accuracyByMetric(query: AccuracyByMetricQuery): LineFigure {
  const { results, subjects, time, space, metric } = query;
  const at = resultsOf(results, subjects, "probe").filter(({ result }) => result.time === time);
  const { drawn, leftOut } = comparable(at, settingOf, ({ shown }) => shown.key);
  if (drawn.length === 0) return emptyFigure(ANALYSE_FIRST, HEADER);
  const { dots, otherCounts } = dotsOf(query, drawn);
  const [first] = dots;
  if (!first) {
    return emptyFigure(
      `No samples were measured in ${featureSpaceLabel(space)}. Switch “Samples” on.`,
      HEADER,
    );
  }
  const { sampleCount } = first.measured.values;
  const name = sampleMetricName(metric, space, sampleCount);
  const fromLog = dots.some(({ measured }) => measured.from === "log");
  return lineFigure({
    drawing: draw(dots, metric, name),
    legend: legendOf(dots.map(({ probe }) => probe.shown)),
    note: noteText([
      `across: ${name}, n = ${sampleCount} samples`,
      `up: accuracy of the best block in %, ${first.probe.result.testCount} held-out images`,
      timeText(
        first.probe.result.time,
        dots.map(({ probe }) => probe.shown),
      ),
      ...(fromLog ? ["metric from the run’s log"] : []),
      ...(otherCounts > 0 ? [`${otherCounts} with other counts not drawn`] : []),
      ...provenance(
        dots.map(({ probe }) => probe.stored),
        leftOut,
      ),
    ]),
    table: { header: HEADER, rows: () => dots.map((dot) => cellsOf(dot, query)) },
  });
}
