import { datasetOffers } from "../../sources/hub/datasetFiles";
import type { DatasetsApi } from "../../common/protocol/datasets";
import { deleteDataset, listDatasets } from "../../common/storage/datasets";
import type { SessionEnvironment } from "../common/environment";
import { importDataset } from "./importDataset";
import { inspectSource } from "./inspectSource";
import { outcomeOf } from "../common/outcome";
import { withDatabase } from "../common/withDatabase";

/** Imports data sets and keeps them; one import at a time. */
export function createDatasetsSession(environment: SessionEnvironment): DatasetsApi {
  let controller = new AbortController();
  let looking = new AbortController();

  return {
    hubDataset: (repo, revision) => outcomeOf(() => datasetOffers(environment.hub, repo, revision)),
    inspectImages: (source, options, onLooked) => {
      looking.abort();
      looking = new AbortController();
      const job = { environment, options, onLooked, signal: looking.signal };
      return outcomeOf(() => inspectSource(source, job));
    },
    cancelInspection: () => {
      looking.abort();
      return Promise.resolve();
    },
    importImages: (source, options, onEvent) => {
      looking.abort();
      controller.abort();
      controller = new AbortController();
      const job = { environment, options, onEvent, signal: controller.signal };
      return outcomeOf(() => withDatabase(environment, (db) => importDataset(db, source, job)));
    },
    cancelImport: () => {
      controller.abort();
      return Promise.resolve();
    },
    datasets: () => outcomeOf(() => withDatabase(environment, listDatasets)),
    deleteDataset: (id) =>
      outcomeOf(() => withDatabase(environment, (db) => deleteDataset(db, id)).then(() => null)),
  };
}
