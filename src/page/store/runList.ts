import { liveChanges } from "../../common/config/imageEntries";
import { withoutSeed } from "../../common/config/differences";
import type { StoredRun } from "./dataSlice";
import type { RunOrder } from "./runsSlice";

/** KID of the newest measurement; undefined before the first. */
export const lastKid = ({ latest }: Pick<StoredRun, "latest">): number | undefined =>
  latest.sampleQuality?.kid;

/** CKNNA of the newest measurement at the block the run aligns, or would align. */
export function lastCknna({
  latest,
  experiment,
}: Pick<StoredRun, "latest" | "experiment">): number | undefined {
  return latest.layerAlignment?.cknna[experiment.alignment.encoderDepth - 1];
}

/** What is not measured yet comes last. */
const ascending = (a: number | undefined, b: number | undefined): number =>
  (a ?? Infinity) === (b ?? Infinity) ? 0 : (a ?? Infinity) - (b ?? Infinity);

const ORDERS: Readonly<Record<RunOrder, (a: StoredRun, b: StoredRun) => number>> = {
  newest: () => 0, // as they are listed
  name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
  kid: (a, b) => ascending(lastKid(a), lastKid(b)),
  cknna: (a, b) => ascending(negative(lastCknna(a)), negative(lastCknna(b))),
};
const negative = (value: number | undefined) => (value === undefined ? undefined : -value);

/**
 * Runs as the list has them: those that match the filter, pinned ones first.
 * @param textOf what of a run the filter looks into: its name and settings
 */
export function listedRuns(
  runs: readonly StoredRun[],
  { order, filter }: { readonly order: RunOrder; readonly filter: string },
  textOf: (run: StoredRun) => string,
): readonly StoredRun[] {
  const words = filter.toLowerCase().split(/\s+/);
  const matching = runs.filter((run) => {
    const text = textOf(run).toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return matching.sort((a, b) => Number(b.pinned) - Number(a.pinned) || ORDERS[order](a, b));
}

/**
 * Runs that differ in the seed alone, side by side; a run of its own is a group of one, and so is a fork. In the order of their
 * first.
 */
export function seedGroups(runs: readonly StoredRun[]): readonly (readonly StoredRun[])[] {
  const groups = new Map<string, StoredRun[]>();
  for (const run of runs) {
    const key = run.parent
      ? run.id
      : withoutSeed(run.experiment) + JSON.stringify(liveChanges(run.timeline));
    const group = groups.get(key);
    if (group) group.push(run);
    else groups.set(key, [run]);
  }
  return [...groups.values()];
}

/** Mean and sample standard deviation; the latter is null for fewer than two values. */
export function spread(
  values: readonly number[],
): { readonly mean: number; readonly deviation: number | null } | null {
  if (values.length === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return { mean, deviation: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
