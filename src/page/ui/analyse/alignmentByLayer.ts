import type { PlotLevel, PlotLine, PlotRow } from "../charts/plotProps";
import { formatValue } from "../explain/format";
import { encoderShort } from "../explain/names";
import {
  alignedMarks,
  ANALYSE_FIRST,
  emptyFigure,
  levelOf,
  lineFigure,
  noteText,
  placeScale,
  provenance,
  valueScale,
  type LineFigure,
} from "./figure";
import type { FigureInput } from "./figureInput";
import { comparable, encoderResultsOf, resultsOf, settingOf, type SubjectResult } from "./results";
import { colorOf, timeText } from "./subjects";

export type AlignmentMeasure = "cknna" | "cka" | "mutualKnn";

export const MEASURE_NAMES: Readonly<Record<AlignmentMeasure, string>> = {
  cknna: "CKNNA",
  cka: "CKA",
  mutualKnn: "Mutual k-NN",
};

type Alignment = SubjectResult<"alignment">;

const HEADER = [
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

const layerRows = ({ shown, stored, result }: Alignment) =>
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

export interface AlignmentQuery extends Pick<FigureInput, "results" | "subjects" | "time"> {
  readonly measure: AlignmentMeasure;
  /** One line a subject with this encoder, or one line an encoder of this subject. */
  readonly lines:
    | { readonly by: "subject"; readonly encoder: string | null }
    | { readonly by: "encoder"; readonly subject: string | null };
}

/** What one line of the figure is of. */
const keyOf = ({ by }: AlignmentQuery["lines"], { shown, result }: Alignment): string =>
  by === "subject" ? shown.key : result.encoder;

/** Results the figure is about, those that compare with the newest drawn. */
function wanted({ results, subjects, time, lines }: AlignmentQuery) {
  const at = resultsOf(results, subjects, "alignment").filter(
    ({ shown, result }) =>
      result.time === time &&
      (lines.by === "subject" ? result.encoder === lines.encoder : shown.key === lines.subject),
  );
  return comparable(at, settingOf, (one) => keyOf(lines, one));
}

/** Chance, and other encoders' agreement with the one shown, on as many images and neighbours. */
function levelsOf(
  { results, lines, measure }: AlignmentQuery,
  { stored, result }: Alignment,
): readonly PlotLevel[] {
  if (measure !== "cknna") return [];
  const pairs = encoderResultsOf(results, "encoderAlignment", stored.datasetHash).filter(
    ({ imageCount, k }) => imageCount === result.imageCount && k === result.k,
  );
  const others = pairs.flatMap(({ encoder, other, cknna }) => {
    if (lines.by === "encoder") {
      return levelOf(cknna, `${encoderShort(encoder)} with ${encoderShort(other)}`);
    }
    if (encoder !== result.encoder && other !== result.encoder) return [];
    return levelOf(cknna, encoderShort(encoder === result.encoder ? other : encoder));
  });
  return [...others, levelOf(result.chance, "chance")];
}

/** As Figures 2b and 3b: agreement of every block with an encoder, or of one subject with several. */
export function alignmentByLayer(query: AlignmentQuery): LineFigure {
  const { measure, lines } = query;
  const { drawn, leftOut } = wanted(query);
  const [first] = drawn;
  if (!first) return emptyFigure(ANALYSE_FIRST, HEADER);
  const { result } = first;
  const bySubject = lines.by === "subject";
  const depth = Math.max(...drawn.map((one) => one.result.cknna.length));
  const levels = levelsOf(query, first);
  const series = drawn.map((one, index) => ({
    key: keyOf(lines, one),
    label: bySubject ? one.shown.label : encoderShort(one.result.encoder),
    color: bySubject ? one.shown.color : colorOf(index),
  }));
  const values = drawn.flatMap((one) => one.result[measure]);
  return lineFigure({
    drawing: {
      rows: Array.from({ length: depth }, (_, index): PlotRow => ({
        x: index + 1,
        ...Object.fromEntries(drawn.map((one) => [keyOf(lines, one), one.result[measure][index]])),
      })),
      lines: series.map(({ key, color }): PlotLine => ({ key, color, dots: true })),
      bands: [],
      levels,
      marks: alignedMarks(drawn.map(({ shown }) => shown)),
      x: placeScale(depth),
      y: valueScale([...levels.map(({ value }) => value), ...values], [0, 1], { fromZero: true }),
      xName: "block",
    },
    legend: series,
    note: noteText([
      bySubject ? `with ${encoderShort(result.encoder)}` : first.shown.label,
      `n = ${result.imageCount} held-out`,
      `k = ${result.k}`,
      timeText(
        result.time,
        drawn.map(({ shown }) => shown),
      ),
      `chance ${formatValue(result.chance)}`,
      ...provenance(
        drawn.map(({ stored }) => stored),
        leftOut,
      ),
    ]),
    table: { header: HEADER, rows: () => drawn.flatMap(layerRows) },
  });
}
