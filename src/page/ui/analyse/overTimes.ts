import type { PlotRow } from "../charts/plotProps";
import { extent, linearScale } from "../charts/scale";
import { formatValue } from "../explain/format";
import { encoderShort } from "../explain/names";
import type { ByLayerQuery } from "./byLayer";
import {
  ANALYSE_FIRST,
  best,
  emptyFigure,
  legendOf,
  levelOf,
  noteText,
  percent,
  placeScale,
  provenance,
  type FigureData,
} from "./figure";
import {
  comparable,
  encoderResultsOf,
  resultsOf,
  settingOf,
  type Comparable,
  type Found,
} from "./found";

export const ONE_TIME = "One noise level was analysed: choose two or more, or the sweep";
const HEADER = ["subject", "step", "t", "value", "bestBlock", "encoder", "n", "seed", "adapter"];

/** What is drawn of one result: its best block. */
interface BestPoint {
  readonly value: number;
  readonly block: number;
  readonly n: number;
  readonly encoder?: string;
}

/** Value of the best block by noise level, one line a subject. */
function bestOverTimes<F extends Found<"probe"> | Found<"alignment">>(
  { drawn, leftOut }: Comparable<F>,
  pointOf: (found: F) => BestPoint | null,
  words: readonly string[],
  fromZero: boolean,
): FigureData {
  const points = drawn.flatMap((found) => {
    const point = pointOf(found);
    const { shown, stored, result } = found;
    return point ? { ...point, shown, stored, time: result.time } : [];
  });
  const times = [...new Set(points.map(({ time }) => time))].sort((a, b) => a - b);
  if (points.length === 0) return emptyFigure(ANALYSE_FIRST, HEADER);
  if (times.length < 2) return emptyFigure(ONE_TIME, HEADER);
  const rows = times.map((time): PlotRow => ({
    x: time,
    ...Object.fromEntries(
      points.filter((point) => point.time === time).map(({ shown, value }) => [shown.key, value]),
    ),
  }));
  const range = extent(points.map(({ value }) => value)) ?? [0, 1];
  const shown = points.map((point) => point.shown);
  const legend = legendOf(shown);
  return {
    drawing: {
      rows,
      lines: [...new Set(shown)].map(({ key, color }) => ({ key, color, dots: true })),
      bands: [],
      levels: [],
      marks: [],
      x: { domain: [0, 1], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] },
      y: linearScale(fromZero ? Math.min(0, range[0]) : range[0], range[1]),
      xName: "noise level t",
    },
    legend,
    note: noteText([
      ...words,
      "best block at each t; t = 0 is data",
      ...provenance(
        points.map(({ stored }) => stored),
        leftOut,
      ),
    ]),
    table: {
      header: HEADER,
      rows: () =>
        points.map(({ shown: { label, step }, time, value, block, encoder, n, stored }) => [
          label,
          step,
          time,
          value,
          block,
          encoder,
          n,
          stored.seed,
          stored.device.adapter,
        ]),
    },
    empty: null,
  };
}

const placed = ({ shown, result }: Found<"probe"> | Found<"alignment">): string =>
  `${shown.key}/${result.time}`;

/** As Figure 8: linear probe accuracy in % by noise level. */
export function probeOverTimes({ results, subjects }: Omit<ByLayerQuery, "time">): FigureData {
  const found = comparable(resultsOf(results, subjects, "probe"), settingOf, placed);
  const first = found.drawn[0]?.result;
  return bestOverTimes(
    found,
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
export function cknnaOverTimes(
  query: Omit<ByLayerQuery, "time"> & { readonly encoder: string | null },
): FigureData {
  const all = resultsOf(query.results, query.subjects, "alignment").filter(
    ({ result }) => result.encoder === query.encoder,
  );
  const found = comparable(all, settingOf, placed);
  const first = found.drawn[0]?.result;
  return bestOverTimes(
    found,
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

export const ONE_ENCODER = "One encoder was compared with: tick more of them on the left";
const ENCODER_HEADER = [
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
export function cknnaOverEncoders({ results, subjects, time }: ByLayerQuery): FigureData {
  const at = resultsOf(results, subjects, "alignment").filter(({ result }) => result.time === time);
  const { drawn, leftOut } = comparable(
    at,
    settingOf,
    ({ shown, result }) => `${shown.key}/${result.encoder}`,
  );
  const [first] = drawn;
  const encoders = [...new Set(drawn.map(({ result }) => result.encoder))];
  if (!first) return emptyFigure(ANALYSE_FIRST, ENCODER_HEADER);
  if (encoders.length < 2) return emptyFigure(ONE_ENCODER, ENCODER_HEADER);
  const points = drawn.flatMap((found) => {
    const top = best(found.result.cknna);
    return top ? { ...found, ...top } : [];
  });
  const range = extent(points.map(({ value }) => value)) ?? [0, 1];
  const shown = points.map((point) => point.shown);
  return {
    drawing: {
      rows: encoders.map((encoder, index): PlotRow => ({
        x: index + 1,
        ...Object.fromEntries(
          points
            .filter(({ result }) => result.encoder === encoder)
            .map((point) => [point.shown.key, point.value]),
        ),
      })),
      lines: [...new Set(shown)].map(({ key, color }) => ({ key, color, dots: true, width: 0 })),
      bands: [],
      levels: [levelOf(first.result.chance, "chance")],
      marks: [],
      x: placeScale(encoders.length),
      y: linearScale(Math.min(0, range[0]), range[1]),
      xName: "",
      xWords: encoders.map(encoderShort),
    },
    legend: legendOf(shown),
    note: noteText([
      `n = ${first.result.imageCount} held-out`,
      `k = ${first.result.k}`,
      `t = ${first.result.time}`,
      "best block",
      ...provenance(
        points.map(({ stored }) => stored),
        leftOut,
      ),
    ]),
    table: {
      header: ENCODER_HEADER,
      rows: () =>
        points.map(({ shown: { label }, result, value, block, stored }) => [
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
    empty: null,
  };
}

const PROBE_ENCODER_HEADER = [
  "subject",
  "encoder",
  "accuracy_share",
  "bestBlock",
  "t",
  "testCount",
  "seed",
  "adapter",
];

/** As Figure 8: probe accuracy in % of models by the encoder they are aligned with; the encoder's own beside it. */
export function probeOverEncoders({ results, subjects, time }: ByLayerQuery): FigureData {
  const at = resultsOf(results, subjects, "probe").filter(
    ({ shown, result }) => result.time === time && shown.alignedBlock !== null,
  );
  const { drawn, leftOut } = comparable(at, settingOf, ({ shown }) => shown.key);
  const [first] = drawn;
  if (!first) {
    return emptyFigure("Analyse models that are aligned, with the probe on", PROBE_ENCODER_HEADER);
  }
  const nameOf = ({ shown }: Found<"probe">) => shown.encoders.map(encoderShort).join(" + ");
  const targets = [...new Set(drawn.map(nameOf))];
  const own = encoderResultsOf(results, "encoderProbe", first.stored.datasetHash).filter(
    ({ trainCount, epochs }) =>
      trainCount === first.result.trainCount && epochs === first.result.epochs,
  );
  const points = drawn.flatMap((found) => {
    const top = best(found.result.layers.map(({ accuracy }) => accuracy.value));
    return top ? { ...found, ...top, target: nameOf(found) } : [];
  });
  const ownOf = (target: string) => own.find(({ encoder }) => encoderShort(encoder) === target);
  const values = [
    ...points.map(({ value }) => percent(value)),
    ...targets.flatMap((target) => {
      const found = ownOf(target);
      return found ? percent(found.accuracy.value) : [];
    }),
    percent(first.result.majority),
  ];
  const range = extent(values) ?? [0, 100];
  const shown = points.map((point) => point.shown);
  return {
    drawing: {
      rows: targets.map((target, index): PlotRow => {
        const encoder = ownOf(target);
        return {
          x: index + 1,
          ...(encoder && { own: percent(encoder.accuracy.value) }),
          ...Object.fromEntries(
            points
              .filter((point) => point.target === target)
              .map((point) => [point.shown.key, percent(point.value)]),
          ),
        };
      }),
      lines: [
        { key: "own", color: "var(--ink-faint)", dots: true, width: 0 },
        ...[...new Set(shown)].map(({ key, color }) => ({ key, color, dots: true, width: 0 })),
      ],
      bands: [],
      levels: [
        levelOf(
          percent(first.result.majority),
          "most frequent class",
          `${formatValue(percent(first.result.majority))} %`,
        ),
      ],
      marks: [],
      x: placeScale(targets.length),
      y: linearScale(range[0], range[1]),
      xName: "",
      xWords: targets,
    },
    legend: [...legendOf(shown), { label: "the encoder itself", color: "var(--ink-faint)" }],
    note: noteText([
      `${first.result.trainCount} training and ${first.result.testCount} held-out images`,
      `t = ${first.result.time}`,
      "best block, accuracy in %",
      ...provenance(
        points.map(({ stored }) => stored),
        leftOut,
      ),
    ]),
    table: {
      header: PROBE_ENCODER_HEADER,
      rows: () => [
        ...points.map(({ shown: { label }, target, value, block, result, stored }) => [
          label,
          target,
          value,
          block,
          result.time,
          result.testCount,
          stored.seed,
          stored.device.adapter,
        ]),
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
    empty: null,
  };
}
