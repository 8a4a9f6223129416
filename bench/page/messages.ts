import type { SuiteResult } from "../suite";

/** What the worker of the bench page says. */
export type BenchMessage =
  | { readonly kind: "report"; readonly line: string }
  | { readonly kind: "done"; readonly results: readonly SuiteResult[] }
  | { readonly kind: "failed"; readonly message: string };

/** One computation for the metrics worker of the bench page. */
export interface MetricsJob {
  readonly task: string;
  readonly n: number;
}

export type MetricsWorkerMessage =
  | { readonly kind: "done"; readonly pauses: number }
  | { readonly kind: "failed"; readonly message: string };

/** What the page saw of one computation. */
export interface MetricsJobResult {
  readonly seconds: number;
  readonly pauses: number;
  /** The longest the page's own 10 ms timer was late. */
  readonly pageLateMs: number;
}
