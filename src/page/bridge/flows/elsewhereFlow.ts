import type { RunEvent } from "../../../common/protocol/trainer";
import type { Database } from "../../../common/storage/db";
import { getRun, readGrid, readLogSince, storedSteps } from "../../../common/storage/runs";
import type { StudioStore } from "../../store/studioStore";
import type { RunLocks } from "../run/runLocks";
import { readStoredRun } from "../run/storedRuns";

/** Between two looks at what the other tab has stored. */
const LOOK_MS = 2000;

export interface ElsewhereFlow {
  /** Shows a run as another tab stores it. Once no tab has the run, it is shown as it was left, to be continued here. */
  readonly follow: (runId: string) => void;
  readonly dispose: () => void;
}

interface ElsewherePlaces {
  readonly store: StudioStore;
  readonly locks: Pick<RunLocks, "free">;
  readonly withDatabase: <T>(work: (db: Database) => Promise<T>) => Promise<T>;
  readonly wait: (ms: number) => Promise<void>;
  readonly report: (thrown: unknown) => void;
  /** The other tab is done with the run: what is stored has changed. */
  readonly onFree: () => void;
}

export function createElsewhereFlow(places: ElsewherePlaces): ElsewhereFlow {
  const { store, locks, withDatabase, wait, report, onFree } = places;
  let current = new AbortController();

  async function follow(runId: string, signal: AbortSignal): Promise<void> {
    const isShown = () => !signal.aborted && store.getState().run.runId === runId;
    const show = async () => {
      const stored = await withDatabase((db) => readStoredRun(db, runId));
      if (stored && !signal.aborted) store.getState().restoreRun(stored);
    };
    if (!isShown()) await show();
    const freed = locks.free(runId, signal).then(
      () => true,
      () => false, // aborted
    );
    const newer = createReader(runId);
    for (let free = false; !free && isShown();) {
      const { phase, events } = await withDatabase((db) => newer(db, store));
      if (!isShown()) break;
      store.getState().applyRunEvents(events);
      store.getState().setPhase("elsewhere", phase);
      free = await Promise.race([freed, wait(LOOK_MS).then(() => false)]);
    }
    if (isShown()) await show();
    onFree();
  }

  return {
    follow: (runId) => {
      current.abort();
      current = new AbortController();
      const { signal } = current;
      follow(runId, signal)
        .catch(report)
        .finally(() => current.signal === signal && current.abort());
    },
    dispose: () => current.abort(),
  };
}

/** Reads what was stored for a run since the last look, as the events that its own tab had. */
function createReader(runId: string) {
  let lastKey = 0;
  return async (db: Database, store: StudioStore) => {
    const logged = await readLogSince(db, runId, lastKey);
    ({ lastKey } = logged);
    const record = await getRun(db, runId);
    const known = new Set(store.getState().samples.grids.map(({ step }) => step));
    const steps = await storedSteps(db, "grids", runId);
    const grids = await Promise.all(
      steps.filter((step) => !known.has(step)).map((step) => readGrid(db, runId, step)),
    );
    const events: RunEvent[] = [
      ...(record?.timeline ?? []).map((entry) => ({ type: "control" as const, entry })),
      { type: "steps", points: logged.points },
      ...logged.measurements.map((measurement) => ({ type: "measurement" as const, measurement })),
      ...grids.flatMap((grid) => (grid ? { type: "grid" as const, grid } : [])),
    ];
    return { phase: record?.phase ?? "", events };
  };
}
