import type { StoredAnalysis } from "../../../common/protocol/analysis";
import type { PlotLine, PlotRow } from "../charts/plotProps";
import { extent, linearScale } from "../charts/scale";
import { formatValue } from "../explain/format";
import { encoderShort } from "../explain/names";
import {
  alignedMarks,
  ANALYSE_FIRST,
  emptyFigure,
  legendOf,
  levelOf,
  noteText,
  percent,
  placeScale,
  provenance,
  type FigureData,
} from "./figure";
import { comparable, encoderResultsOf, resultsOf, settingOf, type Found } from "./found";
import { paperProbeLevel } from "./paperValues";
import { colorOf, type ShownSubject } from "./subjects";

export interface ByLayerQuery {
  readonly results: readonly StoredAnalysis[];
  readonly subjects: readonly ShownSubject[];
  /** Noise level shown; null when there is none. */
  readonly time: number | null;
}

export type ProbeView = "accuracy" | "knn";

const PROBE_HEADER = [
  "subject",
  "step",
  "block",
  "t",
  "accuracy_share",
  "accuracyLow_share",
  "accuracyHigh_share",
  "trainAccuracy_share",
  "knn_share",
  "knnLow_share",
  "knnHigh_share",
  "encoder",
  "trainCount",
  "testCount",
  "classCount",
  "majority_share",
  "epochs",
  "knnK",
  "seed",
  "adapter",
];

const probeRows = ({ shown, stored, result }: Found<"probe">) =>
  result.layers.map(({ accuracy, trainAccuracy, knn }, index) => [
    shown.label,
    shown.step,
    index + 1,
    result.time,
    accuracy.value,
    accuracy.low,
    accuracy.high,
    trainAccuracy,
    knn.value,
    knn.low,
    knn.high,
    undefined,
    result.trainCount,
    result.testCount,
    result.classCount,
    result.majority,
    result.epochs,
    result.knnK,
    stored.seed,
    stored.device.adapter,
  ]);

/** As Figures 2a and 3a: linear probe accuracy of every block, encoders and the most frequent class as levels. */
export function probeByLayer(
  query: ByLayerQuery & { readonly view: ProbeView; readonly paper: boolean },
): FigureData {
  const { results, subjects, time, view, paper } = query;
  const at = resultsOf(results, subjects, "probe").filter(({ result }) => result.time === time);
  const { drawn, leftOut } = comparable(at, settingOf, ({ shown }) => shown.key);
  const [first] = drawn;
  if (!first) return emptyFigure(ANALYSE_FIRST, PROBE_HEADER);
  const { result } = first;
  const encoders = encoderResultsOf(results, "encoderProbe", first.stored.datasetHash).filter(
    ({ trainCount, epochs, knnK }) =>
      trainCount === result.trainCount && epochs === result.epochs && knnK === result.knnK,
  );
  const share = (found: Found<"probe">, index: number) => {
    const layer = found.result.layers[index];
    return layer && (view === "accuracy" ? layer.accuracy : layer.knn);
  };
  const depth = Math.max(...drawn.map((found) => found.result.layers.length));
  const rows = Array.from({ length: depth }, (_, index): PlotRow => ({
    x: index + 1,
    ...Object.fromEntries<PlotRow[string]>(
      drawn.flatMap((found): [string, PlotRow[string]][] => {
        const s = share(found, index);
        if (!s) return [];
        return [
          [found.shown.key, percent(s.value)],
          [`${found.shown.key} interval`, [percent(s.low), percent(s.high)] as const],
        ];
      }),
    ),
  }));
  const levels = [
    ...[...new Map(encoders.map((one) => [one.encoder, one])).values()].map((one) =>
      percentLevel(
        view === "accuracy" ? one.accuracy.value : one.knn.value,
        encoderShort(one.encoder),
      ),
    ),
    percentLevel(result.majority, "most frequent class"),
    ...(paper && view === "accuracy" ? [paperProbeLevel()] : []),
  ];
  const range = extent([
    ...levels.map(({ value }) => value),
    ...drawn.flatMap((found) =>
      found.result.layers.flatMap((_, index) => {
        const s = share(found, index);
        return s ? [percent(s.low), percent(s.high)] : [];
      }),
    ),
  ]) ?? [0, 100];
  const shown = drawn.map((found) => found.shown);
  return {
    drawing: {
      rows,
      lines: shown.map(({ key, color }) => ({ key, color, dots: true })),
      bands: shown.map(({ key, color }) => ({ key: `${key} interval`, color })),
      levels,
      marks: alignedMarks(shown),
      x: placeScale(depth),
      y: linearScale(range[0], range[1]),
      xName: "block",
    },
    legend: legendOf(shown),
    note: noteText([
      `${result.trainCount} training and ${result.testCount} held-out images`,
      `${result.classCount} classes`,
      view === "accuracy"
        ? `${result.epochs} epochs, batch ${result.batchSize}`
        : `k = ${result.knnK}`,
      `t = ${result.time}`,
      "95 % intervals (Wilson)",
      ...provenance(
        drawn.map(({ stored }) => stored),
        leftOut,
      ),
    ]),
    table: {
      header: PROBE_HEADER,
      rows: () => [
        ...drawn.flatMap(probeRows),
        ...encoders.map((one) => [
          undefined,
          undefined,
          undefined,
          undefined,
          one.accuracy.value,
          one.accuracy.low,
          one.accuracy.high,
          one.trainAccuracy,
          one.knn.value,
          one.knn.low,
          one.knn.high,
          one.encoder,
          one.trainCount,
          one.testCount,
          one.classCount,
          one.majority,
          one.epochs,
          one.knnK,
        ]),
      ],
    },
    empty: null,
  };
}

const percentLevel = (share: number, label: string) =>
  levelOf(percent(share), label, `${formatValue(percent(share))} %`);

export type AlignmentMeasure = "cknna" | "cka" | "mutualKnn";

export const MEASURE_NAMES: Readonly<Record<AlignmentMeasure, string>> = {
  cknna: "CKNNA",
  cka: "CKA",
  mutualKnn: "Mutual k-NN",
};

const ALIGNMENT_HEADER = [
  "subject",
  "step",
  "encoder",
  "block",
  "t",
  "cknna",
  "cka",
  "mutualKnn",
  "chance",
  "n",
  "k",
  "seed",
  "adapter",
];

const alignmentRows = ({ shown, stored, result }: Found<"alignment">) =>
  result.cknna.map((cknna, index) => [
    shown.label,
    shown.step,
    result.encoder,
    index + 1,
    result.time,
    cknna,
    result.cka[index],
    result.mutualKnn[index],
    result.chance,
    result.imageCount,
    result.k,
    stored.seed,
    stored.device.adapter,
  ]);

export interface AlignmentQuery extends ByLayerQuery {
  readonly measure: AlignmentMeasure;
  /** One line a subject with this encoder, or one line an encoder of this subject. */
  readonly lines:
    | { readonly by: "subject"; readonly encoder: string | null }
    | { readonly by: "encoder"; readonly subject: string | null };
}

/** As Figures 2b and 3b: agreement of every block with an encoder, or of one subject with several. */
export function alignmentByLayer(query: AlignmentQuery): FigureData {
  const { results, subjects, time, measure, lines } = query;
  const at = resultsOf(results, subjects, "alignment").filter(
    ({ shown, result }) =>
      result.time === time &&
      (lines.by === "subject" ? result.encoder === lines.encoder : shown.key === lines.subject),
  );
  const keyOf = ({ shown, result }: Found<"alignment">) =>
    lines.by === "subject" ? shown.key : result.encoder;
  const { drawn, leftOut } = comparable(at, settingOf, keyOf);
  const [first] = drawn;
  if (!first) return emptyFigure(ANALYSE_FIRST, ALIGNMENT_HEADER);
  const { result } = first;
  const depth = Math.max(...drawn.map((found) => found.result.cknna.length));
  const rows = Array.from({ length: depth }, (_, index): PlotRow => ({
    x: index + 1,
    ...Object.fromEntries(drawn.map((found) => [keyOf(found), found.result[measure][index]])),
  }));
  const series = drawn.map((found, index) => ({
    key: keyOf(found),
    label: lines.by === "subject" ? found.shown.label : encoderShort(found.result.encoder),
    color: lines.by === "subject" ? found.shown.color : colorOf(index),
  }));
  const levels = measure === "cknna" ? cknnaLevels(query, first) : [];
  const range = extent([
    ...levels.map(({ value }) => value),
    ...drawn.flatMap((found) => found.result[measure]),
  ]) ?? [0, 1];
  return {
    drawing: {
      rows,
      lines: series.map(({ key, color }): PlotLine => ({ key, color, dots: true })),
      bands: [],
      levels,
      marks: alignedMarks(drawn.map(({ shown }) => shown)),
      x: placeScale(depth),
      y: linearScale(Math.min(0, range[0]), range[1]),
      xName: "block",
    },
    legend: series,
    note: noteText([
      lines.by === "subject" ? `with ${encoderShort(result.encoder)}` : first.shown.label,
      `n = ${result.imageCount} held-out`,
      `k = ${result.k}`,
      `t = ${result.time}`,
      `chance ${formatValue(result.chance)}`,
      ...provenance(
        drawn.map(({ stored }) => stored),
        leftOut,
      ),
    ]),
    table: { header: ALIGNMENT_HEADER, rows: () => drawn.flatMap(alignmentRows) },
    empty: null,
  };
}

/** Chance, and other encoders' agreement with the one shown, on as many images and neighbours. */
function cknnaLevels({ results, lines }: AlignmentQuery, { stored, result }: Found<"alignment">) {
  const pairs = encoderResultsOf(results, "encoderAlignment", stored.datasetHash).filter(
    ({ imageCount, k }) => imageCount === result.imageCount && k === result.k,
  );
  const others =
    lines.by === "subject"
      ? pairs.flatMap(({ encoder, other, cknna }) => {
          if (encoder !== result.encoder && other !== result.encoder) return [];
          return levelOf(cknna, encoderShort(encoder === result.encoder ? other : encoder));
        })
      : pairs.map(({ encoder, other, cknna }) =>
          levelOf(cknna, `${encoderShort(encoder)} with ${encoderShort(other)}`),
        );
  return [...others, levelOf(result.chance, "chance")];
}
