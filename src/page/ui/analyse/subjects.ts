import {
  alignmentAt,
  type EncoderId,
  type Experiment,
  type TimelineEntry,
} from "../../../common/config/experiment";
import { FAMILY_LABELS } from "../../../common/config/modelFamily";
import { sayTime } from "../../../common/config/noiseLevel";
import { experimentParameterCount } from "../../../common/config/sizes";
import type { Subject } from "../../../common/protocol/analysis";
import {
  subjectKey,
  subjectRecord,
  type AnalysedRun,
  type AnalysisState,
} from "../../store/analysisSlice";
import { formatCount, formatValue } from "../explain/format";

/** A subject as figures show it. */
export interface ShownSubject {
  readonly key: string;
  readonly subject: Subject;
  /** Of the run or file. */
  readonly name: string;
  /** The name and the step. */
  readonly label: string;
  readonly color: string;
  readonly experiment: Experiment;
  readonly step: number;
  readonly encoders: readonly EncoderId[];
  /** Block whose hidden state is aligned at this step, counted from 1; null for a vanilla model. */
  readonly alignedBlock: number | null;
}

const COLORS = [1, 2, 3, 4, 5, 6].map((index) => `var(--series-${index})`);
export const colorOf = (index: number): string => COLORS[index % COLORS.length] ?? "var(--ink)";

interface Named {
  readonly id: string;
  readonly name: string;
  readonly experiment: Experiment;
}

/** "λ 0.5" or "vanilla": what two runs of one preset most often differ in. */
const lambdaText = ({ alignment }: Experiment): string =>
  alignment.projCoeff > 0 ? `λ ${formatValue(alignment.projCoeff)}` : "vanilla";

/** Names of runs by id, each once: equal names are told apart by λ, then by their order, oldest first. */
export function runNames(runs: readonly Named[]): ReadonlyMap<string, string> {
  const counted = (names: readonly string[]) => {
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  };
  const byName = counted(runs.map(({ name }) => name));
  const longer = ({ name, experiment }: Named) =>
    (byName.get(name) ?? 0) > 1 ? `${name}, ${lambdaText(experiment)}` : name;
  const byLonger = counted(runs.map(longer));
  const used = new Map<string, number>();
  return new Map(
    runs.map((run) => {
      const name = longer(run);
      if ((byLonger.get(name) ?? 0) < 2) return [run.id, name];
      const place = (used.get(name) ?? 0) + 1;
      used.set(name, place);
      return [run.id, `${name}, run ${place}`];
    }),
  );
}

/** Runs oldest first, so that a later run renames none. */
export const namesOf = (runs: readonly AnalysedRun[] | null): ReadonlyMap<string, string> =>
  runNames([...(runs ?? [])].sort((a, b) => a.createdAtMs - b.createdAtMs));

/** The chosen subjects in the order they were chosen; one that is gone is left out. */
export function shownSubjects(
  state: Pick<AnalysisState, "runs" | "files" | "subjects">,
): readonly ShownSubject[] {
  const names = namesOf(state.runs);
  return state.subjects.flatMap((subject, index) => {
    const record = subjectRecord(state, subject);
    if (!record) return [];
    const { experiment, timeline, step } = record;
    const name = subject.kind === "run" ? (names.get(subject.runId) ?? record.name) : record.name;
    const { projCoeff, encoderDepth, encoders } = alignmentAt(experiment, timeline, step);
    return {
      key: subjectKey(subject),
      subject,
      name,
      label: `${name} · ${step}`,
      color: colorOf(index),
      experiment,
      step,
      encoders,
      alignedBlock: projCoeff > 0 ? encoderDepth : null,
    };
  });
}

/** "SiT-Nano/2, 1.3 M". */
export const sizeText = (experiment: Experiment): string =>
  `${FAMILY_LABELS[experiment.model.family]}-${experiment.model.size}/${experiment.model.patchSize}, ${formatCount(experimentParameterCount(experiment))}`;

/** A noise level as the models of a figure have it: with the step where one of them is a DiT. */
export const timeText = (
  time: number,
  models: readonly { readonly experiment: Experiment }[],
): string =>
  sayTime(
    time,
    models.map(({ experiment }) => experiment.model.family),
  );

export const alignedBlockAt = (
  experiment: Experiment,
  timeline: readonly TimelineEntry[],
  step: number,
): number | null => {
  const { projCoeff, encoderDepth } = alignmentAt(experiment, timeline, step);
  return projCoeff > 0 ? encoderDepth : null;
};
