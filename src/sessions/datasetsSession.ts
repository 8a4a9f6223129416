import { datasetOffers } from "../hub/datasetFiles";
import type { DatasetsApi } from "../protocol/datasets";
import { deleteDataset, listDatasets } from "../storage/datasets";
import type { Database } from "../storage/db";
import type { SessionEnvironment } from "./environment";
import { importDataset } from "./importDataset";
import { outcomeOf } from "./outcome";

/** Imports data sets and keeps them; one import at a time. */
export function createDatasetsSession(environment: SessionEnvironment): DatasetsApi {
  let controller = new AbortController();

  async function withDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const db = await environment.openDatabase();
    try {
      return await work(db);
    } finally {
      db.close();
    }
  }

  return {
    hubDataset: (repo, revision) => outcomeOf(() => datasetOffers(environment.hub, repo, revision)),
    importImages: (source, options, onEvent) => {
      controller.abort();
      controller = new AbortController();
      const job = { environment, options, onEvent, signal: controller.signal };
      return outcomeOf(() => withDatabase((db) => importDataset(db, source, job)));
    },
    cancelImport: () => {
      controller.abort();
      return Promise.resolve();
    },
    datasets: () => outcomeOf(() => withDatabase(listDatasets)),
    deleteDataset: (id) =>
      outcomeOf(() => withDatabase((db) => deleteDataset(db, id)).then(() => null)),
  };
}
