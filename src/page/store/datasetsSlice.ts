import type { Experiment, ImportedData } from "../../common/config/experiment";
import type { Failure } from "../../common/errors/studioError";
import type {
  DatasetSummary,
  HubDatasetOffer,
  ImageReport,
  ImportEvent,
} from "../../common/protocol/datasets";
import { chooseData, type ExperimentState } from "./experimentSlice";
import type { SetPart } from "./setPart";

/** What the hub returned about a repository. */
export interface HubLookup {
  readonly repo: string;
  readonly revision: string;
  readonly status: "asking" | "ready" | "failed";
  readonly offers: readonly HubDatasetOffer[];
  readonly failure: Failure | null;
}

/** The import under way, or the last one. */
export interface ImportJob {
  readonly name: string;
  /** As people read it: a folder's name, "owner/name, split train". */
  readonly from: string;
  readonly status: "running" | "cancelled" | "failed" | "done";
  readonly foundImages: number | null;
  readonly foundBytes: number | null;
  readonly done: number;
  readonly total: number | null;
  readonly skipped: number;
  readonly readBytes: number;
  readonly imagesPerSecond: number;
  readonly warning: Failure | null;
  readonly failure: Failure | null;
}

/** What an import of the files that were chosen would give. */
export type Look =
  | { readonly status: "looking"; readonly looked: number }
  | { readonly status: "ready"; readonly report: ImageReport }
  | { readonly status: "failed"; readonly failure: Failure };

export interface DatasetsState {
  /** Null until the worker has replied. */
  readonly list: readonly DatasetSummary[] | null;
  readonly failure: Failure | null;
  readonly lookup: HubLookup | null;
  /** Null while no files are chosen. */
  readonly look: Look | null;
  readonly job: ImportJob | null;
  /** What choosing a data set changed beside it, in words. */
  readonly adjusted: readonly string[];
}

type Part = { readonly datasets: DatasetsState; readonly experiment: ExperimentState };

export interface DatasetsSlice {
  readonly datasets: DatasetsState;
  readonly setDatasets: (list: readonly DatasetSummary[]) => void;
  readonly failDatasets: (failure: Failure) => void;
  readonly setLookup: (lookup: HubLookup | null) => void;
  readonly setLook: (look: Look | null) => void;
  readonly beginImport: (name: string, from: string) => void;
  readonly applyImportEvent: (event: ImportEvent) => void;
  readonly endImport: (failure: Failure | null) => void;
  readonly dismissImport: () => void;
  /** Trains on these images, or on the built-in ones (null); settings that do not fit their number follow. */
  readonly setImported: (imported: ImportedData | null) => void;
}

export const initialDatasets: DatasetsState = {
  list: null,
  failure: null,
  lookup: null,
  look: null,
  job: null,
  adjusted: [],
};

export const newImport = (name: string, from: string): ImportJob => ({
  name,
  from,
  status: "running",
  foundImages: null,
  foundBytes: null,
  done: 0,
  total: null,
  skipped: 0,
  readBytes: 0,
  imagesPerSecond: 0,
  warning: null,
  failure: null,
});

export function reduceImport(job: ImportJob, event: ImportEvent): ImportJob {
  switch (event.type) {
    case "found":
      return { ...job, foundImages: event.images, foundBytes: event.bytes };
    case "progress": {
      const { done, total, skipped, readBytes, imagesPerSecond } = event;
      return { ...job, done, total, skipped, readBytes, imagesPerSecond };
    }
    case "warning":
      return { ...job, warning: event.failure };
  }
}

/** A cancelled import is no failure: it says what it kept. */
export const endedImport = (job: ImportJob, failure: Failure | null): ImportJob => ({
  ...job,
  status: failure === null ? "done" : failure.code === "CANCELLED" ? "cancelled" : "failed",
  failure: failure?.code === "CANCELLED" ? null : failure,
});

/** The imported data set an experiment names, when it is here. */
export const importedDataset = (
  list: readonly DatasetSummary[] | null,
  { dataset, imported }: Experiment["data"],
): DatasetSummary | null =>
  dataset === "imported" && imported
    ? (list?.find(({ data }) => data?.hash === imported.hash) ?? null)
    : null;

export const createDatasetsSlice = (set: SetPart<Part>): DatasetsSlice => {
  const patch = (part: Partial<DatasetsState>) =>
    set(({ datasets }) => ({ datasets: { ...datasets, ...part } }));
  const patchJob = (change: (job: ImportJob) => ImportJob) =>
    set(({ datasets }) => ({
      datasets: { ...datasets, job: datasets.job && change(datasets.job) },
    }));
  return {
    datasets: initialDatasets,
    setDatasets: (list) => patch({ list, failure: null }),
    failDatasets: (failure) => patch({ failure }),
    setLookup: (lookup) => patch({ lookup }),
    setLook: (look) => patch({ look }),
    beginImport: (name, from) => patch({ job: newImport(name, from) }),
    applyImportEvent: (event) => patchJob((job) => reduceImport(job, event)),
    endImport: (failure) => patchJob((job) => endedImport(job, failure)),
    dismissImport: () => patch({ job: null }),
    setImported: (imported) =>
      set(({ datasets, experiment }) => {
        const chosen = chooseData(experiment, imported);
        return {
          experiment: chosen.experiment,
          datasets: { ...datasets, adjusted: chosen.adjusted },
        };
      }),
  };
};
