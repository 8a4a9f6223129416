import { featureSpaceLabel, type FeatureSpaceId } from "../../../common/catalogue/featureSpaces";
import { PAPER_MARK } from "../../../common/catalogue/paper";
import type { StoredAnalysis } from "../../../common/protocol/analysis";
import type { SampleQuality } from "../../../common/protocol/trainer";
import type { AnalysedRun } from "../../store/analysisSlice";
import type { PlotRow } from "../charts/plotProps";
import { labelSides } from "../charts/dotLabels";
import { extent, linearScale, type Scale } from "../charts/scale";
import type { ByLayerQuery } from "./byLayer";
import {
  ANALYSE_FIRST,
  best,
  emptyFigure,
  legendOf,
  noteText,
  percent,
  provenance,
  type Drawing,
  type FigureData,
} from "./figure";
import { comparable, resultsOf, settingOf, type Found } from "./found";
import { paperDots } from "./paperValues";
import { sampleMetricName } from "./sampleLabels";
import type { ShownSubject } from "./subjects";

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

export interface AccuracyByMetricQuery extends ByLayerQuery {
  readonly runs: readonly AnalysedRun[];
  readonly space: FeatureSpaceId;
  readonly metric: SampleMetric;
}

interface Dot {
  readonly found: Found<"probe">;
  readonly measured: Measured;
  readonly top: { readonly value: number; readonly block: number };
}

/** As Figure 5: probe accuracy of the best block in % against how far samples are from real images. */
export function accuracyByMetric(query: AccuracyByMetricQuery): FigureData {
  const { results, subjects, runs, time, space, metric } = query;
  const at = resultsOf(results, subjects, "probe").filter(({ result }) => result.time === time);
  const { drawn, leftOut } = comparable(at, settingOf, ({ shown }) => shown.key);
  if (drawn.length === 0) return emptyFigure(ANALYSE_FIRST, HEADER);
  const all = drawn.flatMap((found): Dot[] => {
    const measured = measuredOf(results, runs, found.shown, space);
    const top = best(found.result.layers.map(({ accuracy }) => accuracy.value));
    return measured && top ? [{ found, measured, top }] : [];
  });
  const countOf = ({ measured: { values } }: Dot) => `${values.sampleCount}/${values.pairCount}`;
  const newest = all.at(-1);
  const dots = all.filter((dot) => newest && countOf(dot) === countOf(newest));
  const [first] = dots;
  if (!first) {
    return emptyFigure(
      `No samples were measured in ${featureSpaceLabel(space)}: switch “Samples” on`,
      HEADER,
    );
  }
  const xs = extent(dots.map(({ measured }) => measured.values[metric])) ?? [0, 1];
  const ys = extent(dots.map(({ top }) => percent(top.value))) ?? [0, 100];
  const name = sampleMetricName(metric, space, first.measured.values.sampleCount);
  const shown = dots.map(({ found }) => found.shown);
  const axes = { x: linearScale(xs[0], xs[1]), y: linearScale(ys[0], ys[1]) };
  const points = dots.map(
    ({
      found: {
        shown: { key, label, color },
      },
      measured,
      top,
    }) => ({
      key,
      label,
      color,
      x: measured.values[metric],
      y: percent(top.value),
    }),
  );
  return {
    drawing: {
      ...scatter(points, axes),
      bands: [],
      levels: [],
      marks: [],
      ...axes,
      xName: name,
    },
    legend: legendOf(shown),
    note: noteText([
      `across: ${name}, n = ${first.measured.values.sampleCount} samples`,
      `up: accuracy of the best block in %, ${first.found.result.testCount} held-out images`,
      `t = ${first.found.result.time}`,
      ...(dots.some(({ measured }) => measured.from === "log")
        ? ["metric from the run’s log"]
        : []),
      ...(all.length > dots.length
        ? [`${all.length - dots.length} with other counts not drawn`]
        : []),
      ...provenance(
        dots.map(({ found }) => found.stored),
        leftOut,
      ),
    ]),
    table: {
      header: HEADER,
      rows: () =>
        dots.map(({ found, measured, top }) => [
          found.shown.label,
          found.shown.step,
          metric === "kid" ? "kid_x1000" : "frechetTop",
          featureSpaceLabel(space),
          measured.values[metric],
          measured.values.sampleCount,
          measured.from,
          top.value,
          top.block,
          found.result.time,
          found.stored.seed,
          found.stored.device.adapter,
        ]),
    },
    empty: null,
  };
}

/** About what a plot measures, px: labels are placed for it. */
const PLOT = { width: 380, height: 162 } as const;

interface Point {
  readonly key: string;
  readonly label: string;
  readonly color: string;
  readonly x: number;
  readonly y: number;
}

/** Dots, each a series of its own with its label where there is room. */
function scatter(
  points: readonly Point[],
  axes: { readonly x: Scale; readonly y: Scale },
): Pick<Drawing, "rows" | "lines"> {
  const share = (value: number, [from, to]: Scale["domain"]) => (value - from) / (to - from);
  const dots = points.map(({ x, y, label }) => ({
    label,
    x: PLOT.width * share(x, axes.x.domain),
    y: PLOT.height * share(y, axes.y.domain),
  }));
  const sides = labelSides(dots, PLOT);
  return {
    rows: points.map(({ key, x, y }): PlotRow => ({ x, [key]: y })),
    lines: points.map(({ key, color, label }, index) => {
      const side = sides[index];
      return {
        key,
        color,
        dots: true,
        width: 0,
        ...(side && { dotLabel: { text: label, side } }),
      };
    }),
  };
}

/** The paper's Table 2 on axes of its own: FID of 50,000 images against probe accuracy in %. */
export function paperAccuracyByFid(): FigureData {
  const dots = paperDots();
  const xs = extent(dots.map(({ fid }) => fid)) ?? [0, 1];
  const ys = extent(dots.map(({ accuracy }) => accuracy)) ?? [0, 100];
  const axes = { x: linearScale(xs[0], xs[1]), y: linearScale(ys[0], ys[1]) };
  const points = dots.map(({ key, label, fid, accuracy }) => ({
    key,
    label,
    color: "var(--paper)",
    x: fid,
    y: accuracy,
  }));
  return {
    drawing: {
      ...scatter(points, axes),
      bands: [],
      levels: [],
      marks: [],
      ...axes,
      xName: "FID, 50,000 images",
    },
    legend: [{ label: PAPER_MARK, color: "var(--paper)" }],
    note: noteText([
      `${PAPER_MARK}: Table 2, SiT-L/2 at 400K steps, no guidance`,
      "other images, sizes and counts: shapes compare, values do not",
    ]),
    table: {
      header: ["row", "fid", "accuracy_percent", "source"],
      rows: () =>
        dots.map(({ label, fid, accuracy }) => [label, fid, accuracy, `${PAPER_MARK}, Table 2`]),
    },
    empty: null,
  };
}
