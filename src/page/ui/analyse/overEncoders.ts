import type { PlotRow } from "../charts/plotProps";
import { formatValue } from "../explain/format";
import { encoderShort } from "../explain/names";
import {
  ANALYSE_FIRST,
  best,
  emptyFigure,
  legendOf,
  levelOf,
  lineFigure,
  noteText,
  percent,
  placeScale,
  provenance,
  valueScale,
  type LineFigure,
} from "./figure";
import type { FigureInput } from "./figureInput";
import {
  comparable,
  encoderResultsOf,
  resultsOf,
  settingOf,
  type EncoderResultOf,
  type SubjectResult,
} from "./results";
import { timeText, type ShownSubject } from "./subjects";

type Query = Pick<FigureInput, "results" | "subjects" | "time">;

export const ONE_ENCODER = "Only one encoder was compared. Select more on the left.";
export const ALIGNED_FIRST = "Analyse models that are aligned, with the probe on.";

/** A dot: whose it is, at which place along the axis, and its value. */
interface Dot {
  readonly shown: ShownSubject;
  readonly place: string;
  readonly value: number;
}

const rowsOf = (places: readonly string[], dots: readonly Dot[]): PlotRow[] =>
  places.map((place, index): PlotRow => ({
    x: index + 1,
    ...Object.fromEntries(
      dots.filter((dot) => dot.place === place).map(({ shown, value }) => [shown.key, value]),
    ),
  }));

/** Dots of each subject, joined by no line. */
const linesOf = (dots: readonly Dot[]) =>
  [...new Set(dots.map(({ shown }) => shown))].map(({ key, color }) => ({
    key,
    color,
    dots: true,
    width: 0,
  }));

const CKNNA_HEADER = [
  "subject",
  "encoder",
  "value",
  "bestBlock",
  "t",
  "n",
  "k",
  "chance",
  "seed",
  "adapter",
];

/** As Figure 8: CKNNA of the best block with each encoder that was compared with, one dot a subject. */
export function cknnaOverEncoders({ results, subjects, time }: Query): LineFigure {
  const at = resultsOf(results, subjects, "alignment").filter(({ result }) => result.time === time);
  const { drawn, leftOut } = comparable(
    at,
    settingOf,
    ({ shown, result }) => `${shown.key}/${result.encoder}`,
  );
  const [first] = drawn;
  const encoders = [...new Set(drawn.map(({ result }) => result.encoder))];
  if (!first) return emptyFigure(ANALYSE_FIRST, CKNNA_HEADER);
  if (encoders.length < 2) return emptyFigure(ONE_ENCODER, CKNNA_HEADER);
  const dots = drawn.flatMap((one) => {
    const top = best(one.result.cknna);
    return top ? { ...one, ...top, place: one.result.encoder } : [];
  });
  const values = dots.map(({ value }) => value);
  return lineFigure({
    drawing: {
      rows: rowsOf(encoders, dots),
      lines: linesOf(dots),
      bands: [],
      levels: [levelOf(first.result.chance, "chance")],
      marks: [],
      x: placeScale(encoders.length),
      y: valueScale(values, [0, 1], { fromZero: true }),
      xName: "",
      xWords: encoders.map(encoderShort),
    },
    legend: legendOf(dots.map(({ shown }) => shown)),
    note: noteText([
      `n = ${first.result.imageCount} held-out`,
      `k = ${first.result.k}`,
      timeText(
        first.result.time,
        dots.map(({ shown }) => shown),
      ),
      "best block",
      ...provenance(
        dots.map(({ stored }) => stored),
        leftOut,
      ),
    ]),
    table: {
      header: CKNNA_HEADER,
      rows: () =>
        dots.map(({ shown: { label }, result, value, block, stored }) => [
          label,
          result.encoder,
          value,
          block,
          result.time,
          result.imageCount,
          result.k,
          result.chance,
          stored.seed,
          stored.device.adapter,
        ]),
    },
  });
}

const PROBE_HEADER = [
  "subject",
  "encoder",
  "accuracy_share",
  "bestBlock",
  "t",
  "testCount",
  "seed",
  "adapter",
];

/** Encoders some subjects are aligned with: a place along the axis. */
interface Target {
  readonly key: string;
  readonly label: string;
  /** The encoder's own probe, where it is one encoder and was probed. */
  readonly own: EncoderResultOf<"encoderProbe"> | undefined;
}

const targetKey = ({ encoders }: ShownSubject): string => encoders.join("+");
const targetLabel = ({ encoders }: ShownSubject): string => encoders.map(encoderShort).join(" + ");

function targetsOf(
  drawn: readonly SubjectResult<"probe">[],
  own: readonly EncoderResultOf<"encoderProbe">[],
): readonly Target[] {
  const subjects = new Map(drawn.map(({ shown }) => [targetKey(shown), shown]));
  return [...subjects].map(([key, shown]) => ({
    key,
    label: targetLabel(shown),
    own: own.find(({ encoder }) => encoder === key),
  }));
}

type ProbeDot = Dot & SubjectResult<"probe"> & { readonly block: number };

const probeCells = ({ shown, value, block, result, stored }: ProbeDot) => [
  shown.label,
  targetLabel(shown),
  value,
  block,
  result.time,
  result.testCount,
  stored.seed,
  stored.device.adapter,
];

function drawProbes(dots: readonly ProbeDot[], targets: readonly Target[], majority: number) {
  const inPercent = dots.map((dot) => ({ ...dot, value: percent(dot.value) }));
  const owns = targets.map(({ own }) => own && percent(own.accuracy.value));
  return {
    rows: rowsOf(
      targets.map(({ key }) => key),
      inPercent,
    ).map((row, index): PlotRow => {
      const own = owns[index];
      return own === undefined ? row : { ...row, own };
    }),
    lines: [{ key: "own", color: "var(--ink-faint)", dots: true, width: 0 }, ...linesOf(dots)],
    bands: [],
    levels: [
      levelOf(percent(majority), "most frequent class", `${formatValue(percent(majority))} %`),
    ],
    marks: [],
    x: placeScale(targets.length),
    y: valueScale(
      [
        ...inPercent.map(({ value }) => value),
        ...owns.flatMap((own) => own ?? []),
        percent(majority),
      ],
      [0, 100],
    ),
    xName: "",
    xWords: targets.map(({ label }) => label),
  };
}

/** As Figure 8: probe accuracy in % of models by the encoder they are aligned with; the encoder's own beside it. */
export function probeOverEncoders({ results, subjects, time }: Query): LineFigure {
  const at = resultsOf(results, subjects, "probe").filter(
    ({ shown, result }) => result.time === time && shown.alignedBlock !== null,
  );
  const { drawn, leftOut } = comparable(at, settingOf, ({ shown }) => shown.key);
  const [first] = drawn;
  if (!first) return emptyFigure(ALIGNED_FIRST, PROBE_HEADER);
  const { result } = first;
  const own = encoderResultsOf(results, "encoderProbe", first.stored.datasetHash).filter(
    ({ trainCount, epochs }) => trainCount === result.trainCount && epochs === result.epochs,
  );
  const dots = drawn.flatMap((one) => {
    const top = best(one.result.layers.map(({ accuracy }) => accuracy.value));
    return top ? { ...one, ...top, place: targetKey(one.shown) } : [];
  });
  return lineFigure({
    drawing: drawProbes(dots, targetsOf(drawn, own), result.majority),
    legend: [
      ...legendOf(dots.map(({ shown }) => shown)),
      { label: "the encoder itself", color: "var(--ink-faint)" },
    ],
    note: noteText([
      `${result.trainCount} training and ${result.testCount} held-out images`,
      timeText(
        result.time,
        drawn.map(({ shown }) => shown),
      ),
      "best block, accuracy in %",
      ...provenance(
        dots.map(({ stored }) => stored),
        leftOut,
      ),
    ]),
    table: {
      header: PROBE_HEADER,
      rows: () => [
        ...dots.map(probeCells),
        ...own.map(({ encoder, accuracy, testCount }) => [
          undefined,
          encoder,
          accuracy.value,
          undefined,
          undefined,
          testCount,
        ]),
      ],
    },
  });
}
