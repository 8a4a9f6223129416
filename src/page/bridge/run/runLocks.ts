import { DB_NAME } from "../../../common/storage/db";
import { heldNames, runName } from "../../../common/storage/locks";

/**
 * Which tab has a run. A tab holds the Web Lock of a run's id while it caches for it and trains it; the browser gives
 * the lock back when the tab is gone, however it went. Nobody deletes a run that has its lock taken. (It also keeps a
 * browser that saves energy from freezing the tab.)
 */
export interface RunLocks {
  /** Takes a run. @returns how to give it back; undefined when another tab has it */
  readonly take: (runId: string) => Promise<(() => void) | undefined>;
  /** Resolves when no tab has the run any more; rejects with an AbortError when `signal` aborts first. */
  readonly free: (runId: string, signal: AbortSignal) => Promise<void>;
}

const lockName = (runId: string): string => runName({ name: DB_NAME }, runId);
const PREFIX = lockName("");

/** The runs that some tab has, this one included. */
export const takenRuns = async (): Promise<ReadonlySet<string>> =>
  new Set((await heldNames(PREFIX)).map((name) => name.slice(PREFIX.length)));

/** A tab that was closed or reloaded a moment ago may not have given its lock back yet. */
const GRACE_MS = 500;

/** Holds a free lock until it is told to give it back. */
const tryTake = (locks: LockManager, name: string) =>
  new Promise<(() => void) | undefined>((resolve, reject) => {
    const hold = async (lock: Lock | null): Promise<void> => {
      if (lock) await new Promise<void>((release) => resolve(release));
      else resolve(undefined);
    };
    locks.request(name, { ifAvailable: true }, hold).catch(reject);
  });

/** @param locks `navigator.locks`, which every secure page has */
export const createRunLocks = (
  locks: LockManager,
  wait: (ms: number) => Promise<void>,
): RunLocks => ({
  take: async (runId) => {
    const name = lockName(runId);
    try {
      const taken = await tryTake(locks, name);
      if (taken) return taken;
      await wait(GRACE_MS);
      return await tryTake(locks, name);
    } catch {
      // site data is blocked: nothing is stored that two tabs could share, and the run fails for that reason
      return () => undefined;
    }
  },
  free: async (runId, signal) => {
    await locks.request(lockName(runId), { signal }, () => undefined);
  },
});
