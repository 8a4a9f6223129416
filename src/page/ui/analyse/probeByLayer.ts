import type { PlotLevel, PlotRow } from "../charts/plotProps";
import { formatValue } from "../explain/format";
import { encoderShort } from "../explain/names";
import {
  alignedMarks,
  ANALYSE_FIRST,
  emptyFigure,
  legendOf,
  levelOf,
  lineFigure,
  noteText,
  percent,
  placeScale,
  provenance,
  valueScale,
  type Drawing,
  type LineFigure,
} from "./figure";
import type { FigureInput } from "./figureInput";
import { paperProbeLevel } from "./paperValues";
import {
  comparable,
  encoderResultsOf,
  resultsOf,
  settingOf,
  type EncoderResultOf,
  type ResultOf,
  type SubjectResult,
} from "./results";
import { timeText } from "./subjects";

export type ProbeView = "accuracy" | "knn";

type Probe = SubjectResult<"probe">;
type EncoderProbe = EncoderResultOf<"encoderProbe">;

const HEADER = [
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

/** The columns a block and an encoder have alike. */
const scoreCells = ({ accuracy, trainAccuracy, knn }: ResultOf<"probe">["layers"][number]) => [
  accuracy.value,
  accuracy.low,
  accuracy.high,
  trainAccuracy,
  knn.value,
  knn.low,
  knn.high,
];

const settingCells = (result: ResultOf<"probe"> | EncoderProbe) => [
  result.trainCount,
  result.testCount,
  result.classCount,
  result.majority,
  result.epochs,
  result.knnK,
];

const layerRows = ({ shown, stored, result }: Probe) =>
  result.layers.map((layer, index) => [
    shown.label,
    shown.step,
    index + 1,
    result.time,
    ...scoreCells(layer),
    undefined,
    ...settingCells(result),
    stored.seed,
    stored.device.adapter,
  ]);

const encoderRow = (one: EncoderProbe) => [
  undefined,
  undefined,
  undefined,
  undefined,
  ...scoreCells(one),
  one.encoder,
  ...settingCells(one),
];

/** Encoders probed as the subjects were. */
const comparedEncoders = ({ results }: Pick<FigureInput, "results">, { stored, result }: Probe) =>
  encoderResultsOf(results, "encoderProbe", stored.datasetHash).filter(
    ({ trainCount, epochs, knnK }) =>
      trainCount === result.trainCount && epochs === result.epochs && knnK === result.knnK,
  );

const percentLevel = (share: number, label: string) =>
  levelOf(percent(share), label, `${formatValue(percent(share))} %`);

/** Each encoder once, the most frequent class, and the paper's accuracy when asked for. */
function levelsOf(
  { view, paper }: { readonly view: ProbeView; readonly paper: boolean },
  result: ResultOf<"probe">,
  encoders: readonly EncoderProbe[],
): readonly PlotLevel[] {
  const newest = [...new Map(encoders.map((one) => [one.encoder, one])).values()];
  return [
    ...newest.map((one) => percentLevel(one[view].value, encoderShort(one.encoder))),
    percentLevel(result.majority, "most frequent class"),
    ...(paper && view === "accuracy" ? [paperProbeLevel()] : []),
  ];
}

function draw(drawn: readonly Probe[], view: ProbeView, levels: readonly PlotLevel[]): Drawing {
  const depth = Math.max(...drawn.map(({ result }) => result.layers.length));
  const shares = drawn.flatMap(({ result }) => result.layers.map((layer) => layer[view]));
  const shown = drawn.map((one) => one.shown);
  return {
    rows: Array.from({ length: depth }, (_, index): PlotRow => ({
      x: index + 1,
      ...Object.fromEntries<PlotRow[string]>(
        drawn.flatMap(({ shown: { key }, result }): [string, PlotRow[string]][] => {
          const share = result.layers[index]?.[view];
          if (!share) return [];
          return [
            [key, percent(share.value)],
            [`${key} interval`, [percent(share.low), percent(share.high)] as const],
          ];
        }),
      ),
    })),
    lines: shown.map(({ key, color }) => ({ key, color, dots: true })),
    bands: shown.map(({ key, color }) => ({ key: `${key} interval`, color })),
    levels,
    marks: alignedMarks(shown),
    x: placeScale(depth),
    y: valueScale(
      [
        ...levels.map(({ value }) => value),
        ...shares.flatMap(({ low, high }) => [percent(low), percent(high)]),
      ],
      [0, 100],
    ),
    xName: "block",
  };
}

/** As Figures 2a and 3a: linear probe accuracy of every block, encoders and the most frequent class as levels. */
export function probeByLayer(
  query: Pick<FigureInput, "results" | "subjects" | "time" | "paper"> & {
    readonly view: ProbeView;
  },
): LineFigure {
  const { results, subjects, time, view } = query;
  const at = resultsOf(results, subjects, "probe").filter(({ result }) => result.time === time);
  const { drawn, leftOut } = comparable(at, settingOf, ({ shown }) => shown.key);
  const [first] = drawn;
  if (!first) return emptyFigure(ANALYSE_FIRST, HEADER);
  const { result } = first;
  const encoders = comparedEncoders(query, first);
  const stored = drawn.map((one) => one.stored);
  return lineFigure({
    drawing: draw(drawn, view, levelsOf(query, result, encoders)),
    legend: legendOf(drawn.map(({ shown }) => shown)),
    note: noteText([
      `${result.trainCount} training and ${result.testCount} held-out images`,
      `${result.classCount} classes`,
      view === "accuracy"
        ? `${result.epochs} epochs, batch ${result.batchSize}`
        : `k = ${result.knnK}`,
      timeText(
        result.time,
        drawn.map(({ shown }) => shown),
      ),
      "95 % intervals (Wilson)",
      ...provenance(stored, leftOut),
    ]),
    table: {
      header: HEADER,
      rows: () => [...drawn.flatMap(layerRows), ...encoders.map(encoderRow)],
    },
  });
}
