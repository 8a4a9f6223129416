import type { TimelineEntry } from "../../common/config/experiment";
import type { StoredRun } from "./dataSlice";

/** What of a run its place among forks follows from. */
type Node = Pick<StoredRun, "id" | "parent">;

/** A run's parent, that one's parent and so on, as far as they are stored. */
export function ancestorsOf<R extends Node>(runs: readonly R[], runId: string): readonly R[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const found: R[] = [];
  for (let run = byId.get(runId); run?.parent; run = found.at(-1)) {
    const parent = byId.get(run.parent.runId);
    if (!parent || found.includes(parent)) break; // deleted; what storage holds may go in circles
    found.push(parent);
  }
  return found;
}

export const forksOf = <R extends Node>(runs: readonly R[], runId: string): readonly R[] =>
  runs.filter(({ parent }) => parent?.runId === runId);

/** A line of the list of runs: a run, and how far it is indented under its parents. */
export interface TreeRow<R> {
  readonly run: R;
  readonly depth: number;
}

/** Forks under their parents, each generation in the given order. One whose parent is not among them stands as any other. */
export function runTree<R extends Node>(runs: readonly R[]): readonly TreeRow<R>[] {
  const ids = new Set(runs.map(({ id }) => id));
  const placed = new Set<string>();
  const rowsOf = (run: R, depth: number): TreeRow<R>[] => {
    if (placed.has(run.id)) return [];
    placed.add(run.id);
    return [{ run, depth }, ...forksOf(runs, run.id).flatMap((fork) => rowsOf(fork, depth + 1))];
  };
  const roots = runs.filter(({ parent }) => !parent || !ids.has(parent.runId));
  return [...roots, ...runs].flatMap((run) => rowsOf(run, 0)); // the second time only what goes in circles
}

/** The run that took a step of a run's timeline itself: a fork's first steps are its ancestors'. Null when that is deleted. */
export function takerOf(runs: readonly StoredRun[], runId: string, step: number): StoredRun | null {
  const run = runs.find(({ id }) => id === runId);
  if (!run) return null;
  const lineage = [run, ...ancestorsOf(runs, runId)];
  return lineage.find(({ parent }) => !parent || step > parent.step) ?? null;
}

/**
 * The newest kept checkpoint that is not after `step`; 0, which needs none, for a run that began there. Null where there is
 * neither: a fork's first steps are not its own.
 */
export function checkpointUpTo(
  { checkpoints, parent }: Pick<StoredRun, "checkpoints" | "parent">,
  step: number,
): number | null {
  const found = checkpoints.findLast((checkpoint) => checkpoint.step <= step)?.step;
  return found ?? (parent && parent.step > 0 ? null : 0);
}

/** A live change that was made on this page. */
export interface ChangeMade {
  /** The run it was made in. */
  readonly runId: string;
  readonly entry: TimelineEntry;
}

/** The newest of the changes that the shown run, or a run it was forked from, went on with; null when there is none. */
export function newestMade(
  made: readonly ChangeMade[],
  runs: readonly Node[],
  shownId: string | null,
): ChangeMade | null {
  if (shownId === null) return null;
  const lineage = new Set([shownId, ...ancestorsOf(runs, shownId).map(({ id }) => id)]);
  return made.findLast(({ runId }) => lineage.has(runId)) ?? null;
}

/** What checkpoints take that are kept beside the newest ones of their runs. */
export function keptBytes(runs: readonly Pick<StoredRun, "checkpoints">[]): {
  readonly pinned: number;
  readonly forkPoints: number;
} {
  const all = runs.flatMap(({ checkpoints }) => checkpoints);
  const sum = (those: readonly { readonly bytes: number }[]) =>
    those.reduce((total, { bytes }) => total + bytes, 0);
  return {
    pinned: sum(all.filter(({ pinned }) => pinned)),
    forkPoints: sum(all.filter(({ pinned, forkPoint }) => forkPoint && !pinned)),
  };
}
