import type { Experiment, TimelineEntry } from "../../../common/config/experiment";
import { forkIssues, forkOf, unchangedFork, type ForkPoint } from "../../../common/config/forks";
import { StudioError } from "../../../common/errors/studioError";
import type { Database, RunRecord } from "../../../common/storage/db";
import { storeFork } from "../../../common/storage/forks";
import type { QueuedRun } from "../../../common/storage/queue";
import { getRun } from "../../../common/storage/runs";
import type { KeptCheckpoint } from "../../store/dataSlice";
import { checkpointUpTo } from "../../store/forks";
import type { ForkAsked } from "../../store/forksSlice";
import { freeColor } from "../../store/runColors";
import type { StudioStore } from "../../store/studioStore";
import { selectUndoable, undoBlock } from "../../store/undo";
import { readKept } from "../run/storedRuns";
import type { RunLauncher } from "../run/launcher";

interface ForkPlaces {
  readonly store: StudioStore;
  readonly run: Pick<RunLauncher, "isUnderWay" | "press" | "resumeStored" | "openStored">;
  readonly withDatabase: <T>(work: (db: Database) => Promise<T>) => Promise<T>;
  /** A stored run goes on after what is under way. */
  readonly queueStored: (run: QueuedRun) => Promise<void>;
  /** Shows what is stored now. */
  readonly refresh: () => Promise<unknown>;
  readonly newId: () => string;
  readonly nowMs: () => number;
  readonly report: (thrown: unknown) => void;
}

/** Runs that begin from a checkpoint of another one, and the undo of a live change, which is such a run. */
export function createForkFlow(places: ForkPlaces) {
  const { store, run, withDatabase, refresh, report } = places;
  const state = () => store.getState();
  const rest = createRest(store, run.isUnderWay);

  /** Stops what is under way and waits until it is stored. */
  async function stopFirst(): Promise<void> {
    if (!run.isUnderWay()) return;
    run.press("stop");
    await rest.reached();
  }

  /**
   * @param pointOf chooses where it begins, from what is stored by then
   * @param wanted its settings; absent, they are its parent's, whatever an earlier version took for valid
   */
  async function make(
    runId: string,
    pointOf: (parent: RunRecord, db: Database) => Promise<ForkPoint>,
    wanted?: Experiment,
  ): Promise<RunRecord> {
    const made = await withDatabase(async (db) => {
      const parent = await getRun(db, runId);
      if (!parent) throw parentGone();
      const point = await pointOf(parent, db);
      const fork = forkOf(parent, point, wanted ?? unchangedFork(parent, point));
      const [issue] = wanted ? forkIssues(parent, point, fork) : [];
      if (issue) throw new StudioError("BAD_CONFIG", issue.message, "Change it, then fork again.");
      const look = { color: freeColor(state().data.runs), shown: true };
      const own = { id: places.newId(), look, nowMs: places.nowMs() };
      return storeFork(db, { ...own, parent, step: point.step, fork });
    });
    await refresh();
    return made;
  }

  /** One at a time: a second press while a fork is made does nothing. */
  async function alone(work: () => Promise<void>): Promise<void> {
    if (state().forks.busy) return;
    state().setForks({ busy: true });
    try {
      await work();
    } catch (thrown) {
      report(thrown);
    } finally {
      state().setForks({ busy: false });
    }
  }

  const fork = ({ runId, step, before, wanted, begins }: ForkAsked) =>
    alone(async () => {
      if (begins === "now") await stopFirst();
      const point = { step, before: before ?? undefined };
      const made = await make(runId, () => Promise.resolve(point), wanted);
      const { id, name, experiment, timeline, step: from } = made;
      if (begins === "now") run.resumeStored(id);
      if (begins === "afterwards") {
        await places.queueStored({ runId: id, name, experiment, timeline, from });
      }
    });

  /** Goes back to before the newest live change that was made on this page. */
  const undo = () =>
    alone(async () => {
      const made = selectUndoable(state());
      if (!made) return;
      await stopFirst();
      const { entry } = made;
      const { runId, name, step } = state().run;
      if (runId === null) return;
      const forked = await make(made.runId, async (parent, db) => ({
        step: stepBefore(parent, await readKept(db, parent.id), entry),
        before: entry,
      }));
      const others = state().forks.made.filter((other) => other !== made);
      const undone = { made, kept: { runId, name, step }, fork: forkedAt(forked) };
      state().setForks({ made: others, undone });
      run.resumeStored(forked.id);
    });

  /** Back to the run whose change was undone; the fork is stopped where it trains, and kept. */
  const redo = () =>
    alone(async () => {
      const { undone, made } = state().forks;
      if (!undone) return;
      await stopFirst();
      state().setForks({ undone: null, made: [...made, undone.made] });
      const { runId } = undone.kept;
      const record = await withDatabase((db) => getRun(db, runId));
      if (!record) throw parentGone();
      if (record.phase === "finished") run.openStored(runId);
      else run.resumeStored(runId);
    });

  return {
    fork: (asked: ForkAsked) => void fork(asked),
    undo: () => {
      if (undoBlock(state()) === null) void undo();
    },
    redo: () => void redo(),
    onOver: rest.look,
    dispose: rest.dispose,
  };
}

/** Where a fork before a change begins. @throws StudioError BAD_CHECKPOINT when no checkpoint before it is kept */
function stepBefore(
  { parent }: RunRecord,
  checkpoints: readonly KeptCheckpoint[],
  entry: TimelineEntry,
): number {
  const step = checkpointUpTo({ checkpoints, parent: parent ?? null }, entry.step - 1);
  if (step !== null) return step;
  throw new StudioError(
    "BAD_CHECKPOINT",
    `No checkpoint from before step ${entry.step} is kept.`,
    "Fork the run from a later checkpoint, in its menu.",
  );
}

const forkedAt = ({ id, parent }: RunRecord) => ({ runId: id, step: parent?.step ?? 0 });

const parentGone = () =>
  new StudioError(
    "STORAGE_FAILED",
    "The run to be forked is no longer stored here.",
    "It was deleted, perhaps in another tab. Its forks stay, and can be forked.",
  );

/** Waits until no run is under way. The machine is asked whenever something of it may have changed. */
function createRest(store: StudioStore, isUnderWay: () => boolean) {
  let waiting: (() => void)[] = [];
  const look = () => {
    if (waiting.length === 0 || isUnderWay()) return;
    const ready = waiting;
    waiting = [];
    for (const go of ready) go();
  };
  return {
    reached: () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
        look();
      }),
    look,
    dispose: store.subscribe(look),
  };
}
