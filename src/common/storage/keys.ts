/** Key ranges of the stores whose keys begin with a run's id. */

/** All of one run in a store with the key [run, step]. */
export const everyStep = (runId: string): IDBKeyRange =>
  IDBKeyRange.bound([runId, 0], [runId, Infinity]);

/** Parts of all states of one run, or of the one after `step` steps. */
export const everyPart = (runId: string, step?: number): IDBKeyRange =>
  IDBKeyRange.bound([runId, step ?? 0, 0], [runId, step ?? Infinity, Infinity]);
