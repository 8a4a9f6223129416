import type { LayerAlignment } from "../../../common/protocol/trainer";
import type { AnalysedRun } from "../../store/analysisSlice";
import type { PlotLine, PlotRow } from "../charts/plotProps";
import { stepScale } from "../charts/scale";
import { encoderShort } from "../explain/names";
import {
  best,
  emptyFigure,
  levelOf,
  lineFigure,
  noteText,
  valueScale,
  type Drawing,
  type LegendItem,
  type LineFigure,
} from "./figure";
import { alignedBlockAt, colorOf, namesOf, sizeText, timeText } from "./subjects";

const HEADER = [
  "run",
  "model",
  "step",
  "encoder",
  "bestBlock",
  "bestCknna",
  "alignedBlock",
  "alignedCknna",
  "n",
  "k",
  "t",
  "chance",
  "seed",
  "adapter",
];

interface Logged {
  readonly run: AnalysedRun;
  readonly m: LayerAlignment;
}

/** What runs logged of one encoder. */
const loggedOf = (runs: readonly AnalysedRun[], encoder: string | null): readonly Logged[] =>
  runs.flatMap((run) =>
    run.measurements.flatMap((m) =>
      m.kind === "layerAlignment" && m.encoder === encoder ? { run, m } : [],
    ),
  );

/** Encoders any run logged agreement with. */
export const loggedEncoders = (runs: readonly AnalysedRun[]): readonly string[] => [
  ...new Set(
    runs.flatMap(({ measurements }) =>
      measurements.flatMap((m) => (m.kind === "layerAlignment" ? m.encoder : [])),
    ),
  ),
];

const settingOf = ({ m, run }: Logged) => `${m.imageCount}/${m.k}/${m.time}/${run.datasetHash}`;

/** Measured as the newest run was; others share no axis with it. */
function alike(logged: readonly Logged[]): readonly Logged[] {
  const newest = logged.reduce<Logged | undefined>(
    (top, one) => (top && top.run.createdAtMs > one.run.createdAtMs ? top : one),
    undefined,
  );
  return newest ? logged.filter((one) => settingOf(one) === settingOf(newest)) : [];
}

const alignedValue = ({ run, m }: Logged): number | undefined => {
  const block = alignedBlockAt(run.experiment, run.timeline, m.step);
  return block === null ? undefined : m.cknna[block - 1];
};

/** A series of the run's best block and one of its aligned block. */
const seriesOf = (runId: string) => ({ best: runId, aligned: `${runId} aligned` }) as const;

function rowsOf(drawn: readonly Logged[]): PlotRow[] {
  const byStep = new Map<number, Record<string, number>>();
  for (const one of drawn) {
    const top = best(one.m.cknna);
    const aligned = alignedValue(one);
    const series = seriesOf(one.run.id);
    byStep.set(one.m.step, {
      ...byStep.get(one.m.step),
      ...(top && { [series.best]: top.value }),
      ...(aligned !== undefined && { [series.aligned]: aligned }),
    });
  }
  return [...byStep].sort(([a], [b]) => a - b).map(([x, values]): PlotRow => ({ x, ...values }));
}

function draw(drawn: readonly Logged[], runs: readonly AnalysedRun[], chance: number): Drawing {
  const rows = rowsOf(drawn);
  return {
    rows,
    lines: runs.flatMap(({ id }, index): PlotLine[] => {
      const series = seriesOf(id);
      return [
        { key: series.best, color: colorOf(index), dots: true },
        { key: series.aligned, color: colorOf(index), dashed: true, opacity: 0.8 },
      ];
    }),
    bands: [],
    levels: [levelOf(chance, "chance")],
    marks: [],
    x: stepScale(rows.at(-1)?.x ?? 1),
    y: valueScale(
      drawn.flatMap(({ m }) => [...m.cknna, m.chance]),
      [0, 1],
      { fromZero: true },
    ),
    xName: "training step",
  };
}

/** How the runs measured, on what, and how many measurements were made otherwise. */
const noteOf = ({ m }: Logged, runs: readonly AnalysedRun[], leftOut: number): string =>
  noteText([
    `best block with ${encoderShort(m.encoder)}`,
    `n = ${m.imageCount} held-out`,
    `k = ${m.k}`,
    timeText(m.time, runs),
    `seed ${[...new Set(runs.map(({ experiment }) => experiment.optimizer.seed))].join(", ")}`,
    [...new Set(runs.flatMap(({ device }) => device?.adapter ?? []))].join(", "),
    "from the runs’ own logs",
    ...(leftOut > 0 ? [`${leftOut} measurements of other settings not drawn`] : []),
  ]);

function cellsOf(one: Logged, name: string | undefined) {
  const { run, m } = one;
  const top = best(m.cknna);
  return [
    name,
    sizeText(run.experiment),
    m.step,
    m.encoder,
    top?.block,
    top?.value,
    alignedBlockAt(run.experiment, run.timeline, m.step) ?? undefined,
    alignedValue(one),
    m.imageCount,
    m.k,
    m.time,
    m.chance,
    run.experiment.optimizer.seed,
    run.device?.adapter,
  ];
}

/** As Figure 2c: CKNNA over training and model sizes, from what the runs logged themselves. */
export function cknnaOverSteps(runs: readonly AnalysedRun[], encoder: string | null): LineFigure {
  const all = loggedOf(runs, encoder);
  const drawn = alike(all);
  const [first] = drawn;
  if (!first) {
    return emptyFigure("Train a run up to its first measurement. It logs CKNNA itself.", HEADER);
  }
  const names = namesOf(runs);
  const drawnRuns = [...new Set(drawn.map(({ run }) => run))];
  const legend: LegendItem[] = drawnRuns.map(({ id, name, experiment }, index) => ({
    label: `${names.get(id) ?? name} (${sizeText(experiment)})`,
    color: colorOf(index),
  }));
  return lineFigure({
    drawing: draw(drawn, drawnRuns, first.m.chance),
    legend: [...legend, { label: "aligned block", color: "var(--ink-faint)", dashed: true }],
    note: noteOf(first, drawnRuns, all.length - drawn.length),
    table: { header: HEADER, rows: () => drawn.map((one) => cellsOf(one, names.get(one.run.id))) },
  });
}
