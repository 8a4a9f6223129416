import type { AnalysisPlan, AnalysisResult } from "../../common/protocol/analysis";
import type { BackendName } from "../../common/protocol/shared";
import type { OpenSubject } from "./analysisSubject";
import type { AskMetrics, OnShare } from "../metrics/metricsLine";

/** One measurement of an analysis: looked up by its key, and computed only when it is not stored. */
export interface Unit {
  readonly key: string;
  /** Says what is computed. */
  readonly detail: string;
  readonly compute: (report: OnShare) => Promise<AnalysisResult>;
}

/** Inputs of all units. */
export interface UnitInputs {
  readonly open: OpenSubject;
  readonly plan: AnalysisPlan;
  readonly ask: AskMetrics;
  readonly backend: BackendName;
  /** Awaited between pieces of work: lets messages in, and throws when the analysis is over. */
  readonly between: () => Promise<void>;
}

/** The newest value of a costly function is kept: units that need the same one follow each other. */
export function memoLast<V>(make: (key: number, report: OnShare) => Promise<V>) {
  let last: { readonly key: number; readonly value: Promise<V> } | undefined;
  return (key: number, report: OnShare): Promise<V> => {
    if (last?.key !== key) last = { key, value: make(key, report) };
    return last.value;
  };
}
