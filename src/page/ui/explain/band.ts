import type { ReferenceBand } from "../../../common/config/referenceBand";

const unique = (values: readonly string[]) => [...new Set(values)].join(", ");

/** What the faint band behind a curve is, and what it is not. */
export function bandText({ runs, preset, smoothing, windowSteps }: ReferenceBand): string {
  const seeds = runs.map(({ seed }) => seed).join(", ");
  const steps = Math.min(...runs.map((run) => run.steps));
  return (
    `Grey: lowest to highest of ${runs.length} runs of the preset "${preset}" (seeds ${seeds}; ${steps} steps; ` +
    `${unique(runs.map(({ adapter }) => adapter))}). Losses smoothed with weight ${smoothing}, in windows of ${windowSteps} steps; ` +
    `CKNNA of the block aligned at the start. So few runs are no confidence interval: a smoothed curve far outside is worth a look.`
  );
}
