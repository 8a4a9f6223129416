import { fromFailure, toFailure, type Failure } from "../../../common/errors/studioError";
import { deleteCache } from "../../../common/storage/caches";
import { pinCheckpoint, putBudget } from "../../../common/storage/checkpointBudget";
import { takeLoss } from "../../../common/storage/dataLoss";
import type { Database } from "../../../common/storage/db";
import { hideRun, purgeRun, purgeRuns, unhideRun } from "../../../common/storage/runs";
import { deleteUnreadable, unreadableFile } from "../../../common/storage/unreadable";
import { keyText, unreadableId } from "../../store/dataSlice";
import type { Deletion, DeletionKind } from "../../store/deletionsSlice";
import type { StudioStore } from "../../store/studioStore";
import { refreshLists, refreshUnreadable, watchDatabase, withDatabase } from "../run/storedRuns";
import { watchStorage } from "../storageWatcher";
import { createDeletionFlow } from "./deletionFlow";
import type { DatasetsFlow } from "./datasetsFlow";
import type { WeightsFlow } from "./weightsFlow";

export interface StoragePlaces {
  readonly weights: Pick<WeightsFlow, "refresh" | "remove">;
  readonly datasets: Pick<DatasetsFlow, "refresh" | "deleteDataset">;
  /** Works on the database, then shows what is stored now; says what went wrong. */
  readonly storage: (work: (db: Database) => Promise<unknown>) => Promise<unknown>;
  readonly report: (thrown: unknown) => void;
  /** Shows the run that was shown before the page was reloaded. */
  readonly restore: (db: Database) => Promise<void>;
  readonly saveFile: (blob: Blob, name: string) => void;
}

/** What is stored: shown, kept up to date, deleted with an undo. */
export function createStorageFlow(store: StudioStore, places: StoragePlaces) {
  const { weights, datasets, storage, report, restore, saveFile } = places;
  const nothing = () => Promise.resolve();
  const refreshStored = async () => {
    await storage(nothing);
    await Promise.all([
      weights.refresh(),
      datasets.refresh(),
      withDatabase((db) => refreshUnreadable(db, store)).catch(report),
    ]);
  };
  const unreadable = (id: string) =>
    store.getState().data.unreadable.find((one) => unreadableId(one) === id);
  const deletions = createDeletionFlow(
    store,
    {
      run: {
        hide: (id) => withDatabase((db) => hideRun(db, id, Date.now())),
        show: (id) => storage((db) => unhideRun(db, id)),
        finish: (id) => storage((db) => purgeRun(db, id)),
      },
      cache: { finish: (key) => storage((db) => deleteCache(db, key)) },
      weights: {
        finish: async (key) => {
          const failure = await weights.remove(key);
          if (failure) report(fromFailure(failure));
          await storage(nothing);
        },
      },
      dataset: { finish: datasets.deleteDataset },
      unreadable: {
        finish: async (id) => {
          const item = unreadable(id);
          await storage(async (db) => {
            if (item) await deleteUnreadable(db, item);
            await refreshUnreadable(db, store);
          });
        },
      },
    },
    report,
  );
  const remove = (kind: DeletionKind) => (key: string) => void deletions.remove({ kind, key });
  const save = async (id: string) => {
    const item = unreadable(id);
    if (!item) return;
    const name = `repa-studio-${item.store}-${keyText(item.key).replace(/[^\w-]+/g, "-")}.bin`;
    saveFile(await withDatabase((db) => unreadableFile(db, item)), name);
  };
  const watching = watchFromStart({ store, restore, report });
  const stopMeter = watchStorage(store, () => void storage(nothing));

  return {
    commands: {
      refreshStored: () => void refreshStored(),
      deleteRun: remove("run"),
      deleteCache: remove("cache"),
      deleteWeights: remove("weights"),
      deleteDataset: remove("dataset"),
      deleteUnreadable: remove("unreadable"),
      undoDelete: (deletion: Deletion) => void deletions.undo(deletion),
      finishDeletes: () => void deletions.finishAll(),
      pinCheckpoint: (runId: string, step: number, pinned: boolean) =>
        void storage((db) => pinCheckpoint(db, runId, step, pinned)),
      setCheckpointBudget: (bytes: number) => void storage((db) => putBudget(db, bytes)),
      saveUnreadable: (id: string) => void save(id).catch(report),
    },
    undo: deletions.undo,
    dispose: () => {
      stopMeter();
      watching.dispose();
      deletions.dispose();
    },
  };
}

/** After so long a page that shows nothing of what is stored says why. It waits on: a run would have to fail. */
const SILENT_MS = 8000;

/**
 * Shows what is stored, then hears of what closes the database. Where another tab keeps it from being opened, all of that
 * comes once the tab is closed.
 */
function watchFromStart({
  store,
  restore,
  report,
}: Pick<StoragePlaces, "restore" | "report"> & { readonly store: StudioStore }) {
  let disposed = false;
  let stop: (() => void) | undefined;
  const tell = (failure: Failure) => report(fromFailure(failure));
  const state = () => store.getState();
  const onUpgrade = (share: number) => state().setUpgrading(share);

  /** What cannot be restored hides nothing else. */
  const show = async (db: Database) => {
    state().setUpgrading(null);
    const loss = await takeLoss(db);
    if (loss) report(loss);
    await restore(db).catch(report);
    await purgeRuns(db, Date.now());
    await refreshLists(db, store);
  };
  async function open(): Promise<void> {
    for (let told = false; !disposed; told = true) {
      const failure = await withDatabase(show, { onUpgrade, silentMs: SILENT_MS }).then(
        () => null,
        toFailure,
      );
      state().setUpgrading(null);
      if (failure && !told) tell(failure);
      if (failure?.code !== "STORAGE_BLOCKED") break;
    }
    if (!disposed) stop = watchDatabase(tell);
  }
  void open();
  return {
    dispose: () => {
      disposed = true;
      stop?.();
    },
  };
}
