import type { Database } from "../../../common/storage/db";
import { changeQueue, readQueue, type QueuedRun } from "../../../common/storage/queue";
import type { RunStatus } from "../../store/runPhase";
import type { StudioStore } from "../../store/studioStore";

interface QueuePlaces {
  readonly store: StudioStore;
  readonly withDatabase: <T>(work: (db: Database) => Promise<T>) => Promise<T>;
  readonly isUnderWay: () => boolean;
  /** Shows the run's settings and begins it. @returns false where that cannot be: a stored run is gone, or has ended meanwhile */
  readonly begin: (run: QueuedRun) => Promise<boolean>;
  readonly newId: () => string;
  readonly report: (thrown: unknown) => void;
}

/** A new run to wait for its turn. */
export type QueueItem = Omit<QueuedRun, "runId" | "from">;

/** By itself, not by hand: the next one may begin. */
const hasEnded = (phase: RunStatus): boolean => phase === "finished" || phase === "failed";

/** Runs that wait: one begins when the one before it has finished or failed. After one that was stopped by hand, it waits. */
export function createQueueFlow(places: QueuePlaces) {
  const { store, withDatabase, isUnderWay, begin, newId, report } = places;
  const queue = () => store.getState().queue;

  const change = async (changed: (items: readonly QueuedRun[]) => readonly QueuedRun[]) => {
    const { before, after } = await withDatabase((db) => changeQueue(db, changed));
    store.getState().setQueue({ items: after });
    return before;
  };

  let taking = false;
  /** Takes the first run that waits and begins it. @returns whether another one is to be tried */
  async function take(): Promise<boolean> {
    const before = await change((items) => items.slice(1));
    const [first] = before;
    if (!first) return false;
    if (!isUnderWay()) return !(await begin(first));
    // a press has begun another run meanwhile: this one keeps its place
    await change((items) => [first, ...items]);
    return false;
  }

  const mayTake = () => !isUnderWay() && !queue().held && queue().items.length > 0;

  /** Begins the first run that waits and can be begun, unless another tab was quicker or one is under way. */
  async function advance(): Promise<void> {
    if (taking || !mayTake()) return;
    taking = true;
    try {
      while (mayTake() && (await take()));
    } catch (thrown) {
      store.getState().setQueue({ held: true }); // once told, not again at every change
      report(thrown);
    } finally {
      taking = false;
    }
  }

  const stop = store.subscribe(({ run }, before) => {
    if (run.phase === before.run.phase && run.runId === before.run.runId) return;
    if (run.phase === "stopped") store.getState().setQueue({ held: true });
    if (hasEnded(run.phase)) void advance();
  });

  /** Those that wait already keep their places. */
  const append = async (added: readonly QueuedRun[]): Promise<void> => {
    try {
      await change((items) => [
        ...items,
        ...added.filter(({ runId }) => !items.some((item) => item.runId === runId)),
      ]);
      store.getState().setQueue({ held: false });
    } catch (thrown) {
      report(thrown);
    }
    await advance();
  };

  return {
    /** Adds new runs at the end; the first begins at once when nothing is under way. */
    add: (runs: readonly QueueItem[]): Promise<void> =>
      append(runs.map((run) => ({ ...run, runId: newId(), from: null }))),
    /** A stored run goes on when its turn comes. */
    addStored: (run: QueuedRun): Promise<void> => append([run]),
    remove: (runId: string) =>
      void change((items) => items.filter((item) => item.runId !== runId)).catch(report),
    /** To the front: it is the next. */
    first: (runId: string) =>
      void change((items) =>
        [...items].sort((a, b) => Number(b.runId === runId) - Number(a.runId === runId)),
      ).catch(report),
    start: () => {
      store.getState().setQueue({ held: false });
      void advance();
    },
    /** Nothing is under way any more. How the run ended may still be on its way: then its phase tells. */
    onOver: () => {
      if (hasEnded(store.getState().run.phase)) void advance();
    },
    /** What waits since the last visit, or was changed by another tab. It does not begin by itself. */
    read: async (db: Database): Promise<void> => {
      store.getState().setQueue({ items: await readQueue(db) });
    },
    dispose: stop,
  };
}
