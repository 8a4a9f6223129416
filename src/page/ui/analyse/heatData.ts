import type { LayerAlignment } from "../../../common/protocol/trainer";
import type { AnalysedRun } from "../../store/analysisSlice";
import { encoderShort } from "../explain/names";
import { ANALYSE_FIRST, noteText, percent, provenance, type FigureFrame } from "./figure";
import type { FigureInput } from "./figureInput";
import { ONE_TIME } from "./overTimes";
import { comparable, resultsOf, settingOf, type LayerResult } from "./results";
import { timeText } from "./subjects";

export const ONE_STEP =
  "Only one step of this run was analysed. Select another of its checkpoints too.";

/** Values by row and column; a hole is null and is not drawn. */
export interface HeatValues {
  readonly columns: readonly string[];
  /** Blocks, 1 first. */
  readonly rows: readonly string[];
  readonly values: readonly (readonly (number | null)[])[];
  readonly columnName: string;
  readonly valueName: string;
}

export interface HeatFigure extends FigureFrame, HeatValues {
  readonly kind: "heat";
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
}): HeatFigure {
  const { columnName, valueName, note, subject, fewer } = facts;
  const columns = [...facts.columns].sort((a, b) => a.at - b.at);
  const depth = Math.max(0, ...columns.map(({ values }) => values.length));
  const values = Array.from({ length: depth }, (_, block) =>
    columns.map((column) => column.values[block] ?? null),
  );
  return {
    kind: "heat",
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

export interface HeatQuery extends Pick<FigureInput, "results" | "subjects" | "encoder"> {
  readonly measure: HeatMeasure;
}

const blocksOf = ({ result }: LayerResult): readonly number[] =>
  result.kind === "probe"
    ? result.layers.map(({ accuracy }) => percent(accuracy.value))
    : result.cknna;

const valueName = (measure: HeatMeasure): string =>
  measure === "probe" ? "probe accuracy, %" : "CKNNA";

/** Results of one measure that compare; null takes every noise level. */
function resultsFor({ results, subjects, measure, encoder }: HeatQuery, time: number | null) {
  const all: readonly LayerResult[] =
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
function settingWords(one: LayerResult | undefined): string[] {
  if (!one) return [];
  const { result } = one;
  return result.kind === "probe"
    ? [`${result.trainCount} training and ${result.testCount} held-out images`]
    : [
        `with ${encoderShort(result.encoder)}`,
        `n = ${result.imageCount} held-out`,
        `k = ${result.k}`,
      ];
}

/** Layer by noise level of one subject. */
export function heatOverTimes(query: HeatQuery): HeatFigure {
  const { drawn, leftOut } = resultsFor(query, null);
  return heatOf({
    columns: drawn.map((one) => ({ at: one.result.time, values: blocksOf(one) })),
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

/** What a run logged of its agreement with an encoder, by step. */
function heatOfLog(
  run: AnalysedRun,
  name: string,
  logged: readonly LayerAlignment[],
  measured: LayerAlignment,
): HeatFigure {
  return heatOf({
    columns: logged.map(({ step, cknna }) => ({ at: step, values: cknna })),
    columnName: "step",
    valueName: valueName("cknna"),
    subject: name,
    note: noteText([
      name,
      `with ${encoderShort(measured.encoder)}`,
      `n = ${measured.imageCount} held-out`,
      `k = ${measured.k}`,
      timeText(measured.time, [run]),
      `seed ${run.experiment.optimizer.seed}`,
      run.device?.adapter ?? "",
      "from the run’s own log",
    ]),
    fewer: "",
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
): HeatFigure {
  const { measure, run, encoder, time, name } = query;
  const logged = (run?.measurements ?? []).flatMap((m) =>
    m.kind === "layerAlignment" && m.encoder === encoder ? m : [],
  );
  const last = logged.at(-1);
  if (measure === "cknna" && run && last && logged.length > 1) {
    return heatOfLog(run, name, logged, last);
  }
  const { drawn, leftOut } = resultsFor(query, time);
  return heatOf({
    columns: drawn.map((one) => ({ at: one.shown.step, values: blocksOf(one) })),
    columnName: "step",
    valueName: valueName(measure),
    subject: name,
    note: noteText([
      name,
      ...settingWords(drawn[0]),
      ...(time === null
        ? []
        : [
            timeText(
              time,
              drawn.map(({ shown }) => shown),
            ),
          ]),
      ...provenance(
        drawn.map(({ stored }) => stored),
        leftOut,
      ),
    ]),
    fewer: ONE_STEP,
  });
}

/** The same of one subject: all analysed checkpoints of its run, or the file alone. */
export function heatOverStepsOf(
  { results, runs, subjects, subject, encoder, time }: FigureInput,
  measure: HeatMeasure,
): HeatFigure {
  const runId = subject?.subject.kind === "run" ? subject.subject.runId : null;
  const own = subjects.filter((other) =>
    other.subject.kind === "run" ? other.subject.runId === runId : other === subject,
  );
  const run = runs.find(({ id }) => id === runId) ?? null;
  const name = subject?.name ?? "";
  return heatOverSteps({ results, subjects: own, measure, encoder, run, time, name });
}
