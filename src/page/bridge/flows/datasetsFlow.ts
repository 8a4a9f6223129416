import { proxy } from "comlink";
import { toFailure, type Failure } from "../../../common/errors/studioError";
import type {
  DatasetSummary,
  HubDatasetRef,
  ImportOptions,
  ImportSource,
  InspectOptions,
} from "../../../common/protocol/datasets";
import type { Look } from "../../store/datasetsSlice";
import type { StudioStore } from "../../store/studioStore";
import { tellOrEnd } from "../workers/heard";
import { whileCalled } from "../workers/whileCalled";
import type { FeaturesWorkers, WorkerPool } from "../workers/workers";

const HUB_SOURCE = /^hub:([^@]+)@([^/]+)\/([^/]+)\/(.+)$/;

/** "hub:owner/name@revision/config/split" as what the worker takes; undefined for other sources. */
export function hubRefOf(source: string): HubDatasetRef | undefined {
  const [, repo, revision, config, split] = HUB_SOURCE.exec(source) ?? [];
  if (repo === undefined || revision === undefined || !config || !split) return undefined;
  return { repo, revision, config, split };
}

/** Where images come from, as people read it. */
export function sourceText(source: ImportSource): string {
  switch (source.kind) {
    case "directory":
      return `folder ${source.handle.name}`;
    case "files":
      return `${source.files.length} files of a folder`;
    case "archives":
      return source.files.map(({ name }) => name).join(", ");
    case "hub":
      return `${source.dataset.repo}, ${source.dataset.config}, split ${source.dataset.split}`;
  }
}

/** `queryPermission` and `requestPermission` are Chromium's; elsewhere a handle is allowed or not there. */
type AskableHandle = FileSystemDirectoryHandle & {
  readonly requestPermission?: (options: { mode: "read" }) => Promise<PermissionState>;
};

const NOT_ALLOWED: Failure = {
  code: "PERMISSION_DENIED",
  message: "The browser was not allowed to read the folder again.",
  hint: "Press Allow again, or choose the folder anew.",
};
const NOT_REMEMBERED: Failure = {
  code: "DATASET_MISSING",
  message: "The folder of this import is not remembered.",
  hint: "Choose the same folder with the same side: the import goes on where it was cut.",
};

/** The source of an interrupted import, or why the user has to choose it again. */
async function sourceOf(summary: DatasetSummary): Promise<ImportSource | Failure> {
  const dataset = hubRefOf(summary.source);
  if (dataset) return { kind: "hub", dataset };
  const handle: AskableHandle | undefined = summary.handle;
  if (!handle) return NOT_REMEMBERED;
  const allowed = (await handle.requestPermission?.({ mode: "read" })) ?? "granted";
  return allowed === "granted" ? { kind: "directory", handle } : NOT_ALLOWED;
}

export type DatasetsFlow = ReturnType<typeof createDatasetsFlow>;

/** Imports and lists data sets; what happens is seen in the store. */
export function createDatasetsFlow(
  store: StudioStore,
  pool: WorkerPool<Pick<FeaturesWorkers, "features">>,
  /** Data sets came or went; with the id of the one that was imported. */
  afterChange: (imported: string | null) => void,
) {
  const state = () => store.getState();
  const features = () => pool.running().features;
  /** Counts looks: only the newest one's answer is shown. */
  let looks = 0;
  const onEvent = proxy(state().applyImportEvent);

  async function refresh(): Promise<void> {
    const listed = await features().call((api) => api.datasets());
    if (listed.ok) state().setDatasets(listed.value);
    else state().failDatasets(listed.failure);
  }

  async function run(source: ImportSource, options: ImportOptions): Promise<void> {
    if (state().datasets.job?.status === "running") return;
    state().beginImport(options.name, sourceText(source));
    const outcome = await features().call((api) => api.importImages(source, options, onEvent));
    state().endImport(outcome.ok ? null : outcome.failure);
    await refresh();
    afterChange(outcome.ok ? outcome.value.id : null);
  }

  return {
    refresh,
    inspectImages: async (source: ImportSource, options: InspectOptions): Promise<void> => {
      looks += 1;
      const own = looks;
      const show = (look: Look) => {
        if (own === looks) state().setLook(look);
      };
      show({ status: "looking", looked: 0 });
      const outcome = await whileCalled(
        (looked: number) => show({ status: "looking", looked }),
        (onLooked) => features().call((api) => api.inspectImages(source, options, onLooked)),
      );
      show(
        outcome.ok
          ? { status: "ready", report: outcome.value }
          : { status: "failed", failure: outcome.failure },
      );
    },
    endInspection: () => {
      looks += 1;
      const { look } = state().datasets;
      state().setLook(null);
      if (look?.status !== "looking") return;
      void tellOrEnd(pool, (workers) => workers.features.tell((api) => api.cancelInspection()));
    },
    importImages: (source: ImportSource, options: ImportOptions) => void run(source, options),
    cancelImport: () =>
      void tellOrEnd(pool, (workers) => workers.features.tell((api) => api.cancelImport())),
    continueImport: async (id: string): Promise<void> => {
      const summary = state().datasets.list?.find((other) => other.id === id);
      if (!summary || state().datasets.job?.status === "running") return;
      const { name, resolution, limit, split, orientation, classes } = summary;
      const source = await sourceOf(summary).catch(toFailure);
      const options = { name, resolution, ...(limit && { limit }), split, orientation, classes };
      if ("kind" in source) return run(source, options);
      state().beginImport(name, summary.source);
      state().endImport(source);
    },
    deleteDataset: async (id: string): Promise<void> => {
      const outcome = await features().call((api) => api.deleteDataset(id));
      await refresh();
      if (!outcome.ok) state().failDatasets(outcome.failure);
      afterChange(null);
    },
    lookUp: async (repo: string, revision: string): Promise<void> => {
      const asked = { repo, revision, offers: [], failure: null };
      state().setLookup({ ...asked, status: "asking" });
      const outcome = await features().call((api) => api.hubDataset(repo, revision));
      const { lookup } = state().datasets;
      if (lookup?.repo !== repo || lookup.revision !== revision) return; // another one was asked for
      state().setLookup(
        outcome.ok
          ? { ...asked, status: "ready", offers: outcome.value }
          : { ...asked, status: "failed", failure: outcome.failure },
      );
    },
  };
}
