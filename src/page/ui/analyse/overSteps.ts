import type { LayerAlignment } from "../../../common/protocol/trainer";
import type { AnalysedRun } from "../../store/analysisSlice";
import type { PlotLine, PlotRow } from "../charts/plotProps";
import { extent, linearScale, stepScale } from "../charts/scale";
import { encoderShort } from "../explain/names";
import { best, emptyFigure, levelOf, noteText, type FigureData, type LegendItem } from "./figure";
import { alignedBlockAt, colorOf, namesOf, sizeText } from "./subjects";

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

/** As Figure 2c: CKNNA over training and model sizes, from what the runs logged themselves. */
export function cknnaOverSteps(runs: readonly AnalysedRun[], encoder: string | null): FigureData {
  const all = loggedOf(runs, encoder);
  const drawn = alike(all);
  const [first] = drawn;
  if (!first) {
    return emptyFigure("Train a run up to its first measurement: it logs CKNNA itself", HEADER);
  }
  const names = namesOf(runs);
  const byStep = new Map<number, Record<string, number>>();
  for (const one of drawn) {
    const top = best(one.m.cknna);
    const aligned = alignedValue(one);
    byStep.set(one.m.step, {
      ...byStep.get(one.m.step),
      ...(top && { [one.run.id]: top.value }),
      ...(aligned !== undefined && { [`${one.run.id} aligned`]: aligned }),
    });
  }
  const steps = [...byStep.keys()].sort((a, b) => a - b);
  const drawnRuns = [...new Set(drawn.map(({ run }) => run))];
  const range = extent(drawn.flatMap(({ m }) => [...m.cknna, m.chance])) ?? [0, 1];
  const lines = drawnRuns.flatMap(({ id }, index): PlotLine[] => [
    { key: id, color: colorOf(index), dots: true },
    { key: `${id} aligned`, color: colorOf(index), dashed: true, opacity: 0.8 },
  ]);
  const legend: LegendItem[] = drawnRuns.map(({ id, name, experiment }, index) => ({
    label: `${names.get(id) ?? name} (${sizeText(experiment)})`,
    color: colorOf(index),
  }));
  return {
    drawing: {
      rows: steps.map((x): PlotRow => ({ x, ...byStep.get(x) })),
      lines,
      bands: [],
      levels: [levelOf(first.m.chance, "chance")],
      marks: [],
      x: stepScale(steps.at(-1) ?? 1),
      y: linearScale(Math.min(0, range[0]), range[1]),
      xName: "training step",
    },
    legend: [...legend, { label: "aligned block", color: "var(--ink-faint)", dashed: true }],
    note: noteText([
      `best block with ${encoderShort(first.m.encoder)}`,
      `n = ${first.m.imageCount} held-out`,
      `k = ${first.m.k}`,
      `t = ${first.m.time}`,
      `seed ${[...new Set(drawnRuns.map(({ experiment }) => experiment.optimizer.seed))].join(", ")}`,
      [...new Set(drawnRuns.flatMap(({ device }) => device?.adapter ?? []))].join(", "),
      "from the runs’ own logs",
      ...(all.length > drawn.length
        ? [`${all.length - drawn.length} measurements of other settings not drawn`]
        : []),
    ]),
    table: {
      header: HEADER,
      rows: () =>
        drawn.map((one) => {
          const { run, m } = one;
          const top = best(m.cknna);
          return [
            names.get(run.id),
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
        }),
    },
    empty: null,
  };
}
