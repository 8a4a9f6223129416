import type { PlotRow } from "../charts/plotProps";
import { encoderShort } from "../explain/names";
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
  type LineFigure,
} from "./figure";
import type { FigureInput } from "./figureInput";
import { comparable, resultsOf, settingOf, type Comparable, type LayerResult } from "./results";

export const ONE_TIME = "Only one noise level was analysed. Select more on the left, or the sweep.";
const HEADER = ["subject", "step", "t", "value", "bestBlock", "encoder", "n", "seed", "adapter"];

type Query = Pick<FigureInput, "results" | "subjects">;

/** What is drawn of one result: its best block. */
interface BestBlock {
  readonly value: number;
  readonly block: number;
  readonly n: number;
  readonly encoder?: string;
}

type Point = BestBlock & Pick<LayerResult, "shown" | "stored"> & { readonly time: number };

const cellsOf = ({ shown, time, value, block, encoder, n, stored }: Point) => [
  shown.label,
  shown.step,
  time,
  value,
  block,
  encoder,
  n,
  stored.seed,
  stored.device.adapter,
];

const rowsOf = (points: readonly Point[], times: readonly number[]): PlotRow[] =>
  times.map((time): PlotRow => ({
    x: time,
    ...Object.fromEntries(
      points.filter((point) => point.time === time).map(({ shown, value }) => [shown.key, value]),
    ),
  }));

/** Value of the best block by noise level, one line a subject. */
function bestOverTimes<R extends LayerResult>(
  { drawn, leftOut }: Comparable<R>,
  bestOf: (one: R) => BestBlock | null,
  facts: readonly string[],
  fromZero: boolean,
): LineFigure {
  const points = drawn.flatMap((one): Point[] => {
    const top = bestOf(one);
    const { shown, stored, result } = one;
    return top ? [{ ...top, shown, stored, time: result.time }] : [];
  });
  const times = [...new Set(points.map(({ time }) => time))].sort((a, b) => a - b);
  if (points.length === 0) return emptyFigure(ANALYSE_FIRST, HEADER);
  if (times.length < 2) return emptyFigure(ONE_TIME, HEADER);
  const shown = points.map((point) => point.shown);
  return lineFigure({
    drawing: {
      rows: rowsOf(points, times),
      lines: [...new Set(shown)].map(({ key, color }) => ({ key, color, dots: true })),
      bands: [],
      levels: [],
      marks: [],
      x: { domain: [0, 1], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] },
      y: valueScale(
        points.map(({ value }) => value),
        [0, 1],
        { fromZero },
      ),
      xName: "noise level t",
    },
    legend: legendOf(shown),
    note: noteText([
      ...facts,
      "best block at each t; t = 0 is data",
      ...(shown.some(({ experiment }) => experiment.model.family === "dit")
        ? ["a DiT at the step of equal signal-to-noise ratio on the linear path"]
        : []),
      ...provenance(
        points.map(({ stored }) => stored),
        leftOut,
      ),
    ]),
    table: { header: HEADER, rows: () => points.map(cellsOf) },
  });
}

const placed = ({ shown, result }: LayerResult): string => `${shown.key}/${result.time}`;

/** As Figure 8: linear probe accuracy in % by noise level. */
export function probeOverTimes({ results, subjects }: Query): LineFigure {
  const measured = comparable(resultsOf(results, subjects, "probe"), settingOf, placed);
  const first = measured.drawn[0]?.result;
  return bestOverTimes(
    measured,
    ({ result }) => {
      const top = best(result.layers.map(({ accuracy }) => percent(accuracy.value)));
      return top && { ...top, n: result.testCount };
    },
    first
      ? [`${first.trainCount} training and ${first.testCount} held-out images`, "accuracy in %"]
      : [],
    false,
  );
}

/** As Figure 8: CKNNA with one encoder by noise level. */
export function cknnaOverTimes(query: Query & Pick<FigureInput, "encoder">): LineFigure {
  const all = resultsOf(query.results, query.subjects, "alignment").filter(
    ({ result }) => result.encoder === query.encoder,
  );
  const measured = comparable(all, settingOf, placed);
  const first = measured.drawn[0]?.result;
  return bestOverTimes(
    measured,
    ({ result }) => {
      const top = best(result.cknna);
      return top && { ...top, n: result.imageCount, encoder: result.encoder };
    },
    first
      ? [
          `with ${encoderShort(first.encoder)}`,
          `n = ${first.imageCount} held-out`,
          `k = ${first.k}`,
        ]
      : [],
    true,
  );
}
