import { toFailure, type Failure } from "../../src/common/errors/studioError";
import type { Experiment } from "../../src/common/config/experiment";
import { nonDefaults } from "../../src/common/config/nonDefaults";
import type { ConfigIssue } from "../../src/common/config/validate";
import type { ImageReport } from "../../src/common/protocol/datasets";

/** What an input is. */
export type InputKind =
  | "folder"
  | "zip"
  | "results"
  | "parquet"
  | "image"
  | "safetensors"
  | "link"
  | "run-file"
  | "command"
  | "unknown";

/** What is printed of an input, besides `input` and `kind`. */
export type Findings = Readonly<Record<string, unknown>> & { readonly ok: boolean };

const failed = ({ code, message, hint }: Failure): Findings => ({ ok: false, code, message, hint });

/** What went wrong with an input, as it is printed. */
export const failure = (thrown: unknown): Findings => failed(toFailure(thrown));

/** Settings that differ from the defaults, nested by group. */
function differing(experiment: Experiment): Record<string, Record<string, unknown>> {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const { setting, value } of nonDefaults(experiment)) {
    (groups[setting.group] ??= {})[setting.key] = value;
  }
  return groups;
}

/** A link or a saved experiment. */
export const ofShared = (
  experiment: Experiment,
  timeline: readonly unknown[],
  issues: readonly ConfigIssue[],
): Findings => ({ ok: true, experiment: differing(experiment), timeline: timeline.length, issues });

export const ofCommand = (experiment: Experiment, issues: readonly ConfigIssue[]): Findings => ({
  ok: true,
  experiment: differing(experiment),
  issues,
});

export function ofImages(report: ImageReport): Findings {
  const { images, classes, skipped, skippedCount, notes, resolution, split, splits } = report;
  return {
    ...(report.problem ? failed(report.problem) : { ok: true }),
    ...{ images, classes, skipped, notes, resolution },
    ...(skippedCount > skipped.length ? { skippedCount } : {}),
    ...(split === null ? {} : { split }),
    ...(splits.length > 0 ? { splits } : {}),
  };
}
