import type { Database } from "../../../common/storage/db";
import { updateRun } from "../../../common/storage/runs";
import type { RunChange, StoredRun } from "../../store/dataSlice";
import { ancestorsOf } from "../../store/forks";
import type { StudioState, StudioStore } from "../../store/studioStore";
import { readCurves } from "../run/storedRuns";

/** A name longer than this is cut. */
const NAME_LENGTH = 80;

interface RunsPlaces {
  readonly store: StudioStore;
  readonly withDatabase: <T>(work: (db: Database) => Promise<T>) => Promise<T>;
  readonly report: (thrown: unknown) => void;
}

export type RunsFlow = ReturnType<typeof createRunsFlow>;

/** Stored runs beside the open one: how they are shown, and the curves of those that are. */
export function createRunsFlow({ store, withDatabase, report }: RunsPlaces) {
  const state = () => store.getState();

  /** Shown at once; the record follows. */
  const change = (runId: string, changed: RunChange) => {
    state().changeRun(runId, changed);
    withDatabase((db) => updateRun(db, runId, changed)).catch(report);
  };
  const show = (run: StoredRun, shown: boolean) => {
    if (run.look.shown !== shown) change(run.id, { look: { ...run.look, shown } });
  };
  const withRun = (runId: string, act: (run: StoredRun) => void) => {
    const run = state().data.runs.find(({ id }) => id === runId);
    if (run) act(run);
  };

  let reading = false;
  /** Reads one run's curves at a time until those of all shown runs are there. */
  async function read(): Promise<void> {
    if (reading) return;
    reading = true;
    try {
      for (let next = staleRun(state()); next; next = staleRun(state())) {
        const run = next;
        state().setCurves(await withDatabase((db) => readCurves(db, run)));
      }
    } catch (thrown) {
      report(thrown);
    } finally {
      reading = false;
    }
  }
  const follow = () => {
    state().keepCurves(new Set(neededBeside(state()).map(({ id }) => id)));
    void read();
  };
  const stop = store.subscribe((now, before) => {
    if (now.data.runs !== before.data.runs || now.run.runId !== before.run.runId) follow();
  });

  return {
    showRun: (runId: string, shown: boolean) => withRun(runId, (run) => show(run, shown)),
    soloRun: (runId: string) => state().data.runs.forEach((run) => show(run, run.id === runId)),
    colorRun: (runId: string, color: number) =>
      withRun(runId, ({ look }) => change(runId, { look: { ...look, color } })),
    pinRun: (runId: string, pinned: boolean) => change(runId, { pinned }),
    renameRun: (runId: string, typed: string) => {
      const name = typed.trim().slice(0, NAME_LENGTH);
      if (name === "") return;
      change(runId, { name });
      if (state().run.runId === runId) state().nameRun(name);
    },
    dispose: stop,
  };
}

/** Runs whose curves figures need beside the open one's: those that are drawn, and what forks among them begin at. */
function neededBeside({ data, run }: StudioState): readonly StoredRun[] {
  const drawn = data.runs.filter(({ id, look }) => look.shown || id === run.runId);
  const needed = new Set(drawn.flatMap((one) => [one, ...ancestorsOf(data.runs, one.id)]));
  return data.runs.filter((one) => needed.has(one) && one.id !== run.runId);
}

/** One of them whose curves are not read yet, or were read before it went on. */
const staleRun = (state: StudioState): StoredRun | undefined =>
  neededBeside(state).find(
    ({ id, updatedAtMs }) => state.runs.curves[id]?.updatedAtMs !== updatedAtMs,
  );
