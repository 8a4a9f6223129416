import { isActive } from "./runPhase";
import type { StudioState } from "./studioStore";

type Work = Pick<StudioState, "run" | "datasets" | "analysis" | "prefill" | "weights" | "data">;

/** What closing the tab would cut short, as nouns; empty when nothing is under way. */
export function underWay({ run, datasets, analysis, prefill, weights, data }: Work): string[] {
  const isAnalysing = ["preparing", "running", "cancelling"].includes(analysis.job.status);
  const parts: readonly (readonly [string, boolean])[] = [
    ["run", isActive(run.phase)],
    ["caches", prefill.status === "running" || data.progress !== null],
    ["import", datasets.job?.status === "running"],
    ["analysis", isAnalysing],
    ["download", weights.ask?.stage === "fetching"],
  ];
  return parts.flatMap(([name, is]) => (is ? [name] : []));
}

const TITLE = "REPA Studio";
const titled = (...parts: readonly string[]): string =>
  [...parts.filter((part) => part !== ""), TITLE].join(" · ");

/**
 * The tab's title: how far what is under way is, first, because tabs are narrow.
 * @param hidden nobody looks at the tab: then it also says how a run ended
 */
export function pageTitle({ run, data }: Pick<Work, "run" | "data">, hidden: boolean): string {
  const { phase, name, step, experiment } = run;
  if (phase === "finished" || phase === "failed") {
    return hidden ? titled(phase === "finished" ? "Finished" : "Failed", name) : TITLE;
  }
  if (!isActive(phase)) return TITLE;
  const { progress } = data;
  if (phase === "caching") {
    return titled(progress ? `Caches ${percent(progress.done, progress.total)}` : "Caches", name);
  }
  const done = percent(step, experiment?.optimizer.steps ?? 0);
  return titled(phase === "paused" ? `Paused at ${done}` : done, name);
}

/** Rounded down, so that 100 % is the end. */
const percent = (done: number, all: number): string =>
  `${all > 0 ? Math.min(100, Math.floor((100 * done) / all)) : 0} %`;
