import type { AnalysisResult, StoredAnalysis } from "../../../common/protocol/analysis";
import type { ShownSubject } from "./subjects";

type AboutSubject = Exclude<AnalysisResult, { subject: null }>["result"];
type AboutEncoder = Extract<AnalysisResult, { subject: null }>["result"];
export type Kind = AboutSubject["kind"];
export type ResultOf<K extends Kind> = Extract<AboutSubject, { kind: K }>;
export type EncoderResultOf<K extends AboutEncoder["kind"]> = Extract<AboutEncoder, { kind: K }>;

/** A stored result beside the subject it is about. */
export interface SubjectResult<K extends Kind> {
  readonly shown: ShownSubject;
  readonly stored: StoredAnalysis;
  readonly result: ResultOf<K>;
}

const isKind = <R extends { readonly kind: string }, K extends R["kind"]>(
  result: R,
  kind: K,
): result is Extract<R, { kind: K }> => result.kind === kind;

const sameSubject = (stored: StoredAnalysis, { subject }: ShownSubject): boolean => {
  const about = stored.found.subject;
  if (about?.kind === "run" && subject.kind === "run") {
    return about.runId === subject.runId && about.step === subject.step;
  }
  return about?.kind === "file" && subject.kind === "file" && about.fileId === subject.fileId;
};

/** Results of one kind about the subjects, in the subjects' order, newest last. */
export function resultsOf<K extends Kind>(
  results: readonly StoredAnalysis[],
  subjects: readonly ShownSubject[],
  kind: K,
): readonly SubjectResult<K>[] {
  return subjects.flatMap((shown) =>
    results.flatMap((stored) => {
      const { found } = stored;
      if (found.subject === null || !isKind(found.result, kind)) return [];
      return sameSubject(stored, shown) ? { shown, stored, result: found.result } : [];
    }),
  );
}

/** Results about encoders alone, of one data set. */
export function encoderResultsOf<K extends AboutEncoder["kind"]>(
  results: readonly StoredAnalysis[],
  kind: K,
  datasetHash: string | undefined,
): readonly EncoderResultOf<K>[] {
  return results.flatMap(({ found, datasetHash: hash }) =>
    found.subject === null && hash === datasetHash && isKind(found.result, kind)
      ? found.result
      : [],
  );
}

/** Results of one measurement that have a value for each block. */
export type LayerResult = SubjectResult<"probe"> | SubjectResult<"alignment">;

/** What can stand in one figure, and how many results cannot. */
export interface Comparable<R> {
  readonly drawn: readonly R[];
  readonly leftOut: number;
}

/**
 * Numbers of different settings share no axis: those measured as the newest was are drawn, others counted.
 * @param setting everything two results must have in common
 * @param place where a result is drawn; of two in one place the newer counts
 */
export function comparable<R extends { readonly stored: StoredAnalysis }>(
  results: readonly R[],
  setting: (one: R) => string,
  place: (one: R) => string,
): Comparable<R> {
  const whole = (one: R) => `${setting(one)}/${one.stored.datasetHash}/${one.stored.seed}`;
  const newest = results.reduce<R | undefined>(
    (best, one) => (best && best.stored.createdAtMs > one.stored.createdAtMs ? best : one),
    undefined,
  );
  if (!newest) return { drawn: [], leftOut: 0 };
  const alike = results.filter((one) => whole(one) === whole(newest));
  const byPlace = new Map(
    [...alike]
      .sort((a, b) => a.stored.createdAtMs - b.stored.createdAtMs)
      .map((one) => [place(one), one]),
  );
  return {
    drawn: alike.filter((one) => byPlace.get(place(one)) === one),
    leftOut: results.length - alike.length,
  };
}

/** What two results must have in common to share an axis, beside data set and seed. */
export const settingOf = ({ result }: LayerResult): string =>
  result.kind === "probe"
    ? [
        result.trainCount,
        result.testCount,
        result.epochs,
        result.batchSize,
        result.knnK,
        result.classCount,
      ].join("/")
    : `${result.imageCount}/${result.k}`;

/** Noise levels there are results at, ascending. */
export function timesOf(
  results: readonly StoredAnalysis[],
  subjects: readonly ShownSubject[],
): readonly number[] {
  const kinds = ["alignment", "probe", "maps"] as const;
  const times = kinds.flatMap((kind) =>
    resultsOf(results, subjects, kind).map(({ result }) => result.time),
  );
  return [...new Set(times)].sort((a, b) => a - b);
}

/** Encoders the subjects were compared with, in the order they were met. */
export function encodersOf(
  results: readonly StoredAnalysis[],
  subjects: readonly ShownSubject[],
): readonly string[] {
  return [
    ...new Set(resultsOf(results, subjects, "alignment").map(({ result }) => result.encoder)),
  ];
}
