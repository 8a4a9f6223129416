import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StudioError } from "../../src/common/errors/studioError";
import type { CheckOptions } from "./options";
import type { CheckPlaces } from "./places";
import {
  stageFile,
  type Stage,
  type StageContext,
  type StageName,
  type StageReport,
} from "./stage";

const messageOf = (thrown: unknown): string => {
  if (thrown instanceof StudioError) return `${thrown.code}: ${thrown.message} ${thrown.hint}`;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
};

/** Replaces a file at once, so that whoever reads it, or finds it after a crash, has whole JSON. */
export function writeJson(path: string, value: object): void {
  writeFileSync(`${path}.part`, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(`${path}.part`, path);
}

export const readReport = (path: string): StageReport & Record<string, unknown> =>
  JSON.parse(readFileSync(path, "utf8")) as StageReport & Record<string, unknown>;

/** One stage in this process; its file says how far it came even when the process dies. @returns the exit code */
export async function runStage(
  options: CheckOptions,
  { stage, limitMs }: { readonly stage: StageName; readonly limitMs: number },
  places: CheckPlaces,
  chosen: Stage,
): Promise<number> {
  const clockMs = () => performance.now();
  const startMs = clockMs();
  const path = join(options.out, stageFile(stage));
  let figures: object = {};
  const save = (end: Pick<StageReport, "status" | "problem">) => {
    const seconds = Math.round(clockMs() - startMs) / 1000;
    const report: StageReport = { stage, ...end, seconds };
    // the report's own entries count, whatever a stage calls its figures
    writeJson(path, { ...report, ...figures, ...report });
  };
  const context: StageContext = {
    places,
    out: options.out,
    adapter: options.adapter,
    deadlineMs: startMs + limitMs,
    clockMs,
    write: (next) => {
      figures = next;
      save({ status: "running" });
    },
    log: (line) => console.error(`${stage}: ${line}`),
  };
  save({ status: "running" });
  try {
    save(await chosen.run(context));
    return 0;
  } catch (thrown) {
    save({ status: "failed", problem: messageOf(thrown) });
    return 1;
  }
}
