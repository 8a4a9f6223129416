import type { SuiteResult } from "../suite";

/** What the worker of the bench page says. */
export type BenchMessage =
  | { readonly kind: "report"; readonly line: string }
  | { readonly kind: "done"; readonly results: readonly SuiteResult[] }
  | { readonly kind: "failed"; readonly message: string };
