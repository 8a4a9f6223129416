import type { AnalysedRun } from "../../store/analysisSlice";
import type { ChartTable } from "../charts/ChartCard";
import { encoderShort } from "../explain/names";
import type { ByLayerQuery } from "./byLayer";
import { ANALYSE_FIRST, noteText, percent, provenance } from "./figure";
import { comparable, resultsOf, settingOf, type Found } from "./found";
import { ONE_TIME } from "./overTimes";

/** Values by row and column; a hole is null and is not drawn. */
export interface HeatData {
  readonly columns: readonly string[];
  /** Blocks, 1 first. */
  readonly rows: readonly string[];
  readonly values: readonly (readonly (number | null)[])[];
  readonly columnName: string;
  readonly valueName: string;
  readonly note: string;
  readonly table: ChartTable;
  readonly empty: string | null;
}

export type HeatMeasure = "probe" | "cknna";

/** One column: where it stands, and a value for each block. */
interface Column {
  readonly at: number;
  readonly values: readonly number[];
}

function heatOf(facts: {
  readonly columns: readonly Column[];
  readonly columnName: string;
  readonly valueName: string;
  readonly subject: string;
  readonly note: string;
  readonly fewer: string;
}): HeatData {
  const { columnName, valueName, note, subject, fewer } = facts;
  const columns = [...facts.columns].sort((a, b) => a.at - b.at);
  const depth = Math.max(0, ...columns.map(({ values }) => values.length));
  const values = Array.from({ length: depth }, (_, block) =>
    columns.map((column) => column.values[block] ?? null),
  );
  return {
    columns: columns.map(({ at }) => String(at)),
    rows: values.map((_, block) => String(block + 1)),
    values,
    columnName,
    valueName,
    note,
    table: {
      header: ["subject", columnName, "block", valueName],
      rows: () =>
        columns.flatMap(({ at, values: ofBlocks }) =>
          ofBlocks.map((value, block) => [subject, at, block + 1, value]),
        ),
    },
    empty: columns.length === 0 ? ANALYSE_FIRST : columns.length < 2 ? fewer : null,
  };
}

export interface HeatQuery extends Omit<ByLayerQuery, "time"> {
  readonly measure: HeatMeasure;
  readonly encoder: string | null;
}

const blocksOf = (found: Found<"probe"> | Found<"alignment">): readonly number[] =>
  found.result.kind === "probe"
    ? found.result.layers.map(({ accuracy }) => percent(accuracy.value))
    : found.result.cknna;

const valueName = (measure: HeatMeasure): string =>
  measure === "probe" ? "probe accuracy, %" : "CKNNA";

/** Results of one measure that compare; null takes every noise level. */
function foundFor({ results, subjects, measure, encoder }: HeatQuery, time: number | null) {
  const all: readonly (Found<"probe"> | Found<"alignment">)[] =
    measure === "probe"
      ? resultsOf(results, subjects, "probe")
      : resultsOf(results, subjects, "alignment").filter(
          ({ result }) => result.encoder === encoder,
        );
  return comparable(
    all.filter(({ result }) => time === null || result.time === time),
    settingOf,
    ({ shown, result }) => `${shown.key}/${result.time}`,
  );
}

/** What was measured, on how much. */
function settingWords(found: Found<"probe"> | Found<"alignment"> | undefined): string[] {
  if (!found) return [];
  const { result } = found;
  return result.kind === "probe"
    ? [`${result.trainCount} training and ${result.testCount} held-out images`]
    : [
        `with ${encoderShort(result.encoder)}`,
        `n = ${result.imageCount} held-out`,
        `k = ${result.k}`,
      ];
}

/** Layer by noise level of one subject. */
export function heatOverTimes(query: HeatQuery): HeatData {
  const { drawn, leftOut } = foundFor(query, null);
  return heatOf({
    columns: drawn.map((found) => ({ at: found.result.time, values: blocksOf(found) })),
    columnName: "t",
    valueName: valueName(query.measure),
    subject: query.subjects[0]?.label ?? "",
    note: noteText([
      query.subjects[0]?.label ?? "",
      ...settingWords(drawn[0]),
      ...provenance(
        drawn.map(({ stored }) => stored),
        leftOut,
      ),
    ]),
    fewer: ONE_TIME,
  });
}

/**
 * Layer by training step of one run: its analysed checkpoints; for CKNNA what it logged itself, which reaches back
 * before the checkpoints that are kept.
 */
export function heatOverSteps(
  query: HeatQuery & {
    readonly run: AnalysedRun | null;
    readonly time: number | null;
    readonly name: string;
  },
): HeatData {
  const { measure, run, encoder, time, name } = query;
  const logged = (run?.measurements ?? []).flatMap((m) =>
    m.kind === "layerAlignment" && m.encoder === encoder ? m : [],
  );
  if (measure === "cknna" && run && logged.length > 1) {
    const last = logged.at(-1);
    return heatOf({
      columns: logged.map(({ step, cknna }) => ({ at: step, values: cknna })),
      columnName: "step",
      valueName: valueName(measure),
      subject: name,
      note: noteText([
        name,
        ...(last
          ? [
              `with ${encoderShort(last.encoder)}`,
              `n = ${last.imageCount} held-out`,
              `k = ${last.k}`,
              `t = ${last.time}`,
            ]
          : []),
        `seed ${run.experiment.optimizer.seed}`,
        run.device?.adapter ?? "",
        "from the run’s own log",
      ]),
      fewer: "",
    });
  }
  const { drawn, leftOut } = foundFor(query, time);
  return heatOf({
    columns: drawn.map((found) => ({ at: found.shown.step, values: blocksOf(found) })),
    columnName: "step",
    valueName: valueName(measure),
    subject: name,
    note: noteText([
      name,
      ...settingWords(drawn[0]),
      ...(time === null ? [] : [`t = ${time}`]),
      ...provenance(
        drawn.map(({ stored }) => stored),
        leftOut,
      ),
    ]),
    fewer: "One step of this run was analysed: choose another of its checkpoints too",
  });
}
