import type { StageReport } from "./stage";
import { STAGES } from "./stages/table";

/** Everything in one text, stage by stage; `right` is whether the stage of that name ran to its end and found no fault. */
export function summary(reports: readonly StageReport[]): { text: string; right: boolean } {
  const lines = reports.flatMap((report) => [
    `== ${report.stage}: ${report.status}, ${report.seconds.toFixed(1)} s`,
    ...(report.problem ? [`   ${report.problem.split("\n")[0] ?? ""}`] : []),
    ...STAGES[report.stage].lines({ ...report }).map((line) => `   ${line}`),
    "",
  ]);
  const checked = reports.find(({ stage }) => stage === "right");
  const figures: Readonly<Record<string, unknown>> = { ...checked };
  const right = checked?.status === "done" && figures.holds === true;
  const verdict = checked
    ? right
      ? "Right: every check that ran holds."
      : "NOT right, or not shown to be: see the stage right."
    : "Whether it is right was not asked.";
  return { text: `${[...lines, verdict].join("\n")}\n`, right };
}
