import { overSeeds } from "../../../common/math/overSeeds";
import type { FigureGroup, FigureRun } from "../../store/figureRuns";
import {
  commonSeconds,
  crossingOf,
  differenceTo,
  figureLines,
  settingRows,
  speedUp,
  type Crossing,
  type Figure,
  type FigureLine,
  type Reading,
  type SettingRow,
} from "./compared";

/** Groups of runs side by side: a run alone, or runs that differ in the seed alone, of which means are compared. */

/** A number with the half of its 95 % interval, where it has one, and what that is of. */
export interface Estimate {
  readonly value: number;
  readonly half: number | null;
  /** Runs it is of; above 1 the interval is over their seeds, else of the one measurement. */
  readonly runs: number;
}

export interface GroupLine extends Pick<FigureLine, "label" | "better"> {
  /** By group, with the steps its runs are read at; null where nothing was measured. */
  readonly figures: readonly (readonly [figure: Estimate, steps: readonly number[]] | null)[];
  /** By group, to the first one; null for that, and where one of the two has nothing. */
  readonly differences: readonly (Estimate | null)[];
}

const seedOf = ({ experiment }: FigureRun): number => experiment.optimizer.seed;

function meanOf(values: readonly number[]): Estimate {
  const { mean, half } = overSeeds(values);
  return { value: mean, half, runs: values.length };
}

/** Values of the runs of two groups by the seeds that both have. */
function paired<V>(
  first: FigureGroup,
  others: FigureGroup,
  valueOf: (run: FigureRun) => V | null | undefined,
): readonly (readonly [first: V, other: V])[] {
  return others.runs.flatMap((run) => {
    const twin = first.runs.find((one) => seedOf(one) === seedOf(run));
    const [a, b] = [twin && valueOf(twin), valueOf(run)];
    return a !== undefined && a !== null && b !== undefined && b !== null ? [[a, b] as const] : [];
  });
}

const isSingle = ({ runs }: FigureGroup): boolean => runs.length === 1;

/**
 * The difference of a group to the first one: of two runs by their measurements' intervals; of groups by the pairs of one
 * seed, which share what the seed decides, or without such pairs by both intervals.
 */
function differenceOf(
  first: FigureGroup,
  group: FigureGroup,
  figureOf: (run: FigureRun) => Figure | null | undefined,
): Estimate | null {
  const own = (one: FigureGroup) => one.runs.flatMap((run) => figureOf(run) ?? []);
  const [a, b] = [own(first), own(group)];
  const [firstA, firstB] = [a[0], b[0]];
  if (!firstA || !firstB) return null;
  if (isSingle(first) && isSingle(group)) return { ...differenceTo(firstA, firstB), runs: 1 };
  const pairs = paired(first, group, figureOf);
  if (pairs.length > 1) return meanOf(pairs.map(([one, other]) => other.value - one.value));
  const [meanA, meanB] = [a, b].map((figures) => meanOf(figures.map(({ value }) => value)));
  if (!meanA || !meanB) return null;
  const half =
    meanA.half === null || meanB.half === null ? null : Math.hypot(meanA.half, meanB.half);
  return { value: meanB.value - meanA.value, half, runs: Math.min(a.length, b.length) };
}

/** Figures of every group, read at one step or after one time. */
export function groupLines(groups: readonly FigureGroup[], reading: Reading): readonly GroupLine[] {
  const runs = groups.flatMap((group) => group.runs);
  const [first] = groups;
  // machines are busier at some times than at others: what is paired is read after one time
  const ofSeed = (run: FigureRun) =>
    commonSeconds(runs.filter((other) => seedOf(other) === seedOf(run)));
  const secondsOf = groups.every(isSingle) ? undefined : ofSeed;
  return figureLines(runs, reading, secondsOf).map(({ label, better, figures }) => {
    const figureOf = (run: FigureRun) => figures[runs.indexOf(run)];
    return {
      ...{ label, better },
      figures: groups.map((group) => {
        const own = group.runs.flatMap((run) => figureOf(run) ?? []);
        const [one] = own;
        if (!one) return null;
        const estimate = isSingle(group)
          ? { value: one.value, half: one.half, runs: 1 }
          : meanOf(own.map(({ value }) => value));
        return [estimate, own.map(({ step }) => step)] as const;
      }),
      differences: groups.map((group, i) =>
        first && i > 0 ? differenceOf(first, group, figureOf) : null,
      ),
    };
  });
}

/** Only what differs between groups; the seeds that are means' are a row of their own. */
export function groupSettings(groups: readonly FigureGroup[]): readonly SettingRow[] {
  const firsts = groups.flatMap(({ runs }) => runs[0] ?? []);
  if (groups.every(isSingle)) return settingRows(firsts);
  const [one] = firsts;
  const sameSeed = firsts.map((run): FigureRun => {
    const seed = one ? seedOf(one) : 0;
    const { experiment } = run;
    return { ...run, experiment: { ...experiment, optimizer: { ...experiment.optimizer, seed } } };
  });
  const seeds = groups.map(({ runs }) =>
    runs
      .map(seedOf)
      .sort((a, b) => a - b)
      .join(", "),
  );
  return [...settingRows(sameSeed), { label: "Seeds", unit: "", values: seeds }];
}

/** When the runs of a group came to a KID. */
export interface GroupCrossing {
  /** Runs that did, of how many. */
  readonly reached: number;
  readonly of: number;
  /** Mean step of those that did, on straight lines between measurements; null where none did. */
  readonly at: Estimate | null;
  /** The measurements before the first and at the last of their crossings. */
  readonly after: number;
  readonly by: number;
}

/** How many times sooner than the first group, with what it is uncertain by. */
export interface GroupSpeed {
  readonly times: number;
  readonly low: number;
  readonly high: number;
  /** Pairs of seeds; 1: the range is what the neighbouring measurements of one pair allow for. */
  readonly pairs: number;
}

const lastKid = ({ metrics }: FigureRun, space: string | undefined): number | undefined =>
  metrics.sampleQuality.findLast((m) => m.space === space)?.kid;

/** The last KID of the first group: the mean over its runs. */
export function lastKidOf(
  groups: readonly FigureGroup[],
  space: string | undefined,
): number | undefined {
  const last = (groups[0]?.runs ?? []).flatMap((run) => lastKid(run, space) ?? []);
  return last.length === 0 ? undefined : meanOf(last).value;
}

/** The KID that a run is to come to; undefined where there is none for it. */
export type Bound = (run: FigureRun) => number | undefined;

/**
 * One value for all runs, if one is typed. Else what the first group came to: over seeds each run is held to the one of its own
 * seed, as half of the first group's runs never come to their mean.
 */
export function boundOf(
  groups: readonly FigureGroup[],
  space: string | undefined,
  typed: number | null,
): Bound {
  const [first] = groups;
  if (typed !== null || !first || groups.every(isSingle)) {
    const bound = typed ?? lastKidOf(groups, space);
    return () => bound;
  }
  return (run) => {
    const twin = first.runs.find((one) => seedOf(one) === seedOf(run));
    return twin && lastKid(twin, space);
  };
}

const crossingTo =
  (space: string | undefined, bound: Bound) =>
  (run: FigureRun): Crossing | null => {
    const kid = bound(run);
    return kid === undefined ? null : crossingOf(run, space, kid);
  };

export function groupCrossing(
  { runs }: FigureGroup,
  space: string | undefined,
  bound: Bound,
): GroupCrossing {
  const found = runs.flatMap((run) => crossingTo(space, bound)(run) ?? []);
  return {
    ...{ reached: found.length, of: runs.length },
    at: found.length === 0 ? null : meanOf(found.map(({ at }) => at)),
    after: Math.min(...found.map(({ after }) => after)),
    by: Math.max(...found.map(({ by }) => by)),
  };
}

/**
 * The paper's speed-up. Over seeds it is the mean of the pairs' ratios with its interval; where a run of either group has
 * not come to the KID there is none: those that have would be the lucky ones.
 */
export function groupSpeed(
  first: FigureGroup,
  group: FigureGroup,
  space: string | undefined,
  bound: Bound,
): GroupSpeed | null {
  const crossing = crossingTo(space, bound);
  if ([...first.runs, ...group.runs].some((run) => crossing(run) === null)) return null;
  const pairs = paired(first, group, crossing);
  if (isSingle(first) && isSingle(group)) {
    const [a, b] = [first.runs[0], group.runs[0]].map((run) => run && crossing(run));
    return a && b ? { ...speedUp(a, b), pairs: 1 } : null;
  }
  if (pairs.length < 2) return null;
  const { value, half } = meanOf(pairs.map(([a, b]) => a.at / b.at));
  if (half === null) return null;
  return { times: value, low: value - half, high: value + half, pairs: pairs.length };
}
