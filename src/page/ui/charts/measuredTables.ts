import {
  CONFLICT_METRICS,
  LAYER_METRICS,
  SAMPLE_METRICS,
  STEP_METRICS,
  valueOf,
  type StepMetricId,
} from "../../../common/catalogue/liveMetrics";
import type {
  GradientConflict,
  GroupConflict,
  LayerAlignment,
  SampleQuality,
} from "../../../common/protocol/trainer";
import type { FigureRun } from "../../store/figureRuns";
import { stepAt, type StepLog } from "../../store/stepLog";
import type { ChartTable } from "./chartTable";

/** The CSV files behind the charts of a run: a column for every metric of a kind. */

/**
 * One table of several runs: what is measured of each, and then which run it is of. The measured columns come first, as
 * those of earlier versions did.
 */
export function tableOfRuns(
  runs: readonly FigureRun[],
  tableOf: (run: FigureRun) => ChartTable,
): ChartTable {
  const tables = runs.map((run) => ({ run, table: tableOf(run) }));
  const [first] = tables;
  return {
    header: [...(first?.table.header ?? []), ...RUN_COLUMNS],
    *rows() {
      for (const { run, table } of tables) {
        const { header } = table;
        for (const row of table.rows()) yield [...header.map((_, i) => row[i]), ...runCells(run)];
      }
    },
    runs: runs.map(runFact),
  };
}

/** A run in one line: name, settings it began with, how far it is drawn, and what computed it. */
const runFact = ({ name, experiment, timeline, log, device }: FigureRun): string => {
  const { projCoeff, encoderDepth, encoders } = experiment.alignment;
  const changes = timeline.length === 0 ? "" : `, ${timeline.length} live changes`;
  const to = log.length === 0 ? "" : `, to step ${stepAt(log, log.length - 1)}`;
  return `${name}: λ ${projCoeff}, block ${encoderDepth}, ${encoders.join(" + ")}, seed ${experiment.optimizer.seed}${changes}${to}${device ? `, ${device.adapter}` : ""}`;
};

const RUN_COLUMNS = [
  ...["run", "runSeed", "runLambda", "runDepth", "runEncoders", "runChanges", "adapter"],
] as const;

/** Which run a row is of, with the settings it began with; `runChanges` counts its live changes. */
const runCells = ({ name, experiment, timeline, device }: FigureRun) => [
  ...[name, experiment.optimizer.seed, experiment.alignment.projCoeff],
  ...[experiment.alignment.encoderDepth, experiment.alignment.encoders.join(" + ")],
  ...[timeline.length, device?.adapter ?? ""],
];

const columnOf = ({ id, csv }: { readonly id: string; readonly csv?: string }) => csv ?? id;

/** One logged metric, a row a step. */
export function stepTable(log: StepLog, id: StepMetricId): ChartTable {
  const metrics = STEP_METRICS.filter((metric) => metric.id === id);
  return {
    header: ["step", ...metrics.map(columnOf)],
    *rows() {
      for (let index = 0; index < log.length; index++) {
        yield [stepAt(log, index), log.columns[id][index]];
      }
    },
  };
}

/** All sample metrics, a row an evaluation. */
export const sampleTable = (measured: readonly SampleQuality[]): ChartTable => ({
  header: [
    ...["step", "space", "sampleCount", "pairCount", "referenceCount"],
    ...SAMPLE_METRICS.flatMap((metric) => [columnOf(metric), ...metric.beside]),
  ],
  rows: () =>
    measured.map((m) => [
      ...[m.step, m.space, m.sampleCount, m.pairCount, m.referenceCount],
      ...SAMPLE_METRICS.flatMap(({ id, beside }) =>
        [id, ...beside].map((column) => valueOf(m, column)),
      ),
    ]),
});

/** All metrics of agreement, a row a block of an evaluation. */
export const layerTable = (measured: readonly LayerAlignment[]): ChartTable => ({
  header: [
    ...["step", "encoder", "block"],
    ...LAYER_METRICS.map(columnOf),
    ...["chance", "n", "k", "t"],
  ],
  rows: () =>
    measured.flatMap((m) =>
      m.cknna.map((_, index) => [
        ...[m.step, m.encoder, index + 1],
        ...LAYER_METRICS.map(({ id }) => valueOf(m, id)?.[index]),
        ...[m.chance, m.imageCount, m.k, m.time],
      ]),
    ),
});

/** Gradient conflict, a row a group of parameters of a measured step. */
export function conflictTable(measured: readonly GradientConflict[]): ChartTable {
  const rowOf = (m: GradientConflict, name: string, group: GroupConflict) => [
    ...[m.step, name],
    ...CONFLICT_METRICS.map(({ id }) => valueOf(group, id) ?? undefined),
    ...[group.velocityNorm, group.alignmentNorm ?? undefined],
    ...[m.encoderDepth, m.projCoeff, m.objective, m.encoders.join(" + ")],
    ...[m.imageCount, m.batchSize],
  ];
  return {
    header: [
      ...["step", "group"],
      ...CONFLICT_METRICS.map(columnOf),
      ...["velocityNorm", "alignmentNorm", "encoderDepth", "lambda", "objective"],
      ...["encoders", "imageCount", "batchSize"],
    ],
    rows: () =>
      measured.flatMap((m) => [
        rowOf(m, "embedders", m.embedders),
        ...m.blocks.map((group, index) => rowOf(m, `block ${index + 1}`, group)),
      ]),
  };
}
