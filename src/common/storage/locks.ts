import type { Database } from "./db";

/**
 * Names that are held while something stored is in use, so that no other tab or worker deletes it meanwhile. They are Web
 * Locks: the browser gives a name back when the tab or the worker that holds it ends, however it ends. Where there are
 * none (Node), one process has the database to itself and nothing is held.
 */

type Named = Pick<Database, "name">;

/** What the names of a run's checkpoints begin with. */
export const checkpointsName = ({ name }: Named, runId: string): string =>
  `${name}/checkpoint/${runId}/`;

export const checkpointName = (db: Named, runId: string, step: number): string =>
  `${checkpointsName(db, runId)}${step}`;

/** Held, alone, by the tab that caches for the run or trains it. */
export const runName = ({ name }: Named, runId: string): string => `${name}/run/${runId}`;

/** Node's `navigator`, where there is one, may lack them. */
const lockManager = (): LockManager | undefined => {
  const surroundings: { readonly navigator?: { readonly locks?: LockManager } | undefined } =
    globalThis;
  return surroundings.navigator?.locks;
};

/** Holds a name beside others that hold it. @returns what gives it back */
export function hold(name: string): Promise<() => void> {
  const locks = lockManager();
  if (!locks) return Promise.resolve(() => undefined);
  return new Promise((resolve, reject) => {
    const held = () => new Promise<void>((release) => resolve(release));
    locks.request(name, { mode: "shared" }, held).catch(reject);
  });
}

/** The names with this prefix that some tab or worker holds. */
export async function heldNames(prefix: string): Promise<readonly string[]> {
  const { held = [] } = (await lockManager()?.query()) ?? {};
  return held.flatMap(({ name }) => (name?.startsWith(prefix) ? name : []));
}

/** Works with names held. */
export async function holding<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
  const releases = await Promise.all(names.map(hold));
  try {
    return await work();
  } finally {
    for (const release of releases) release();
  }
}

/** Works where nobody holds the name, and lets nobody take it meanwhile. @returns whether it worked */
export async function unlessHeld(name: string, work: () => Promise<void>): Promise<boolean> {
  const locks = lockManager();
  if (!locks) return work().then(() => true);
  return locks.request(name, { mode: "exclusive", ifAvailable: true }, async (lock) => {
    if (lock) await work();
    return lock !== null;
  });
}
