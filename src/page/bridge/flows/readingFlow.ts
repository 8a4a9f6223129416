import type { EncoderId } from "../../../common/config/experiment";
import type { Database } from "../../../common/storage/db";
import type { StudioStore } from "../../store/studioStore";
import { refreshAnalyses, refreshGrids, refreshLists, withDatabase } from "../run/storedRuns";
import type { WeightsFlow } from "./weightsFlow";

/** Works on the database, then shows what is stored now. What goes wrong is a warning. */
export type OnStorage = (work: (db: Database) => Promise<unknown>) => Promise<void>;

export const createOnStorage =
  (store: StudioStore, report: (thrown: unknown) => void): OnStorage =>
  (work) =>
    withDatabase(async (db) => {
      await work(db);
      await refreshLists(db, store);
    }).catch(report);

interface ReadingParts {
  readonly store: StudioStore;
  readonly onStorage: OnStorage;
  readonly weights: Pick<WeightsFlow, "ensureWeights">;
  readonly report: (thrown: unknown) => void;
}

/** Reads what views show of what is stored, and fetches what one lacks. */
export function createReadingFlow({ store, onStorage, weights, report }: ReadingParts) {
  const fetchWeights = async (encoder: EncoderId) => {
    const needed = store.getState().preview.needs[encoder] ?? [];
    await weights.ensureWeights(needed, "show what it sees");
    await onStorage(() => Promise.resolve());
  };
  return {
    fetchWeights: (encoder: EncoderId) => void fetchWeights(encoder),
    refreshAnalyses: () => void withDatabase((db) => refreshAnalyses(db, store)).catch(report),
    readGrids: (runIds: readonly string[]) =>
      void withDatabase((db) => refreshGrids(db, store, runIds)).catch(report),
  };
}
