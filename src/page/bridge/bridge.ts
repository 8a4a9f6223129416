import { z } from "zod";
import type { EncoderId, Experiment, TimelineEntry } from "../../common/config/experiment";
import { memoryRefusal } from "../../common/config/memoryRefusal";
import { presetById } from "../../common/config/presets";
import { EMOJI_SHAPE } from "../../common/config/sizes";
import { validateExperiment } from "../../common/config/validate";
import { fetchFile } from "../../common/formats/fetchFile";
import type { SharedRun } from "../../common/config/sharedRun";
import { StudioError, toFailure, type Failure } from "../../common/errors/studioError";
import type { BackendChoice } from "../../common/protocol/shared";
import { latestCheckpoint } from "../../common/storage/checkpoints";
import type { Database } from "../../common/storage/db";
import { getRun } from "../../common/storage/runs";
import type { PendingLink } from "../store/linkSlice";
import type { ImageQuery } from "../store/previewSlice";
import { knownDevice } from "../store/selectors";
import type { StudioStore } from "../store/studioStore";
import type { View } from "../store/viewSlice";
import { createAnalysisFlow } from "./flows/analysisFlow";
import { watchBand } from "./flows/bandFlow";
import { createElsewhereFlow } from "./flows/elsewhereFlow";
import { watchCostEstimate } from "./flows/costEstimateWatcher";
import { createPrefillFlow } from "./flows/prefillFlow";
import { createStorageFlow } from "./flows/storageFlow";
import { createDatasetsFlow } from "./flows/datasetsFlow";
import {
  isLink,
  pendingFile,
  pendingLink,
  shareFile,
  shareLink,
  shownRun,
  viewAddress,
  viewOf,
} from "./links";
import { createPreviewFlow } from "./flows/previewFlow";
import { createCaching } from "./run/caching";
import { createRunController } from "./run/controller";
import { watchHeldKeys } from "./run/heldKeys";
import { createEventQueue } from "./run/eventQueue";
import { createRunLocks } from "./run/runLocks";
import {
  newestRun,
  readStoredRun,
  refreshAnalyses,
  refreshGrids,
  refreshLists,
  withDatabase,
} from "./run/storedRuns";
import { createWeightsFlow } from "./flows/weightsFlow";
import {
  createWorkerPool,
  startAnalysisWorkers,
  startFeatures,
  startTrainer,
} from "./workers/workers";

export interface BridgeOptions {
  readonly backend: BackendChoice;
  /** True when the address names a preset: a stored run of another experiment is then not shown over it. */
  readonly presetAsked: boolean;
  /** False: no stored run is shown by itself. */
  readonly restore: boolean;
  readonly codeVersion: string;
}

const EmojiIndex = z.object({
  categories: z.array(z.string()),
  concepts: z.array(z.object({ category: z.int().min(0) })),
});

/** Joins the store to the workers and to storage; the commands of ui/commands.ts. Nothing here throws. */
export function createBridge(
  store: StudioStore,
  { backend, presetAsked, restore: restoreWanted, codeVersion }: BridgeOptions,
) {
  const trainers = createWorkerPool(startTrainer);
  const featurers = createWorkerPool(startFeatures);
  const analysts = createWorkerPool(startAnalysisWorkers);
  const features = () => featurers.running().features;
  const queue = createEventQueue((events) => store.getState().applyRunEvents(events));
  const weights = createWeightsFlow(store, features);
  const caching = createCaching(store, featurers, weights, backend, queue.push);
  const report = (thrown: unknown) =>
    store.getState().applyRunEvents([{ type: "warning", failure: toFailure(thrown) }]);
  /** Works on the database, then shows what is stored now. */
  const storage = (work: (db: Database) => Promise<unknown>) =>
    withDatabase(async (db) => {
      await work(db);
      await refreshLists(db, store);
    }).catch(report);

  const refreshStorage = () => storage(() => Promise.resolve());
  const previews = createPreviewFlow(store, features, backend);
  const datasets = createDatasetsFlow(store, features, (imported) => {
    previews.follow(imported);
    void refreshStorage();
  });
  const prefill = createPrefillFlow(store, caching, () => void refreshStorage());
  const analysis = createAnalysisFlow(store, analysts, caching, backend);
  const locks = createRunLocks(navigator.locks, wait);
  const elsewhere = createElsewhereFlow({
    ...{ store, locks, withDatabase, wait, report },
    onFree: () => void refreshStorage(),
  });
  const heldKeys = watchHeldKeys(window);
  const run = createRunController({
    ...{ store, trainers, features: featurers, weights, caching, queue, withDatabase },
    ...{ backend, codeVersion, nowMs: () => Date.now(), refusal },
    locks,
    pausePrefill: prefill.pause,
    onElsewhere: ({ runId }) => elsewhere.follow(runId),
    onOver: () => void refreshStorage(),
    isKeyHeld: heldKeys.isHeld,
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });

  /** Why a run cannot start here, as far as it is known before workers are asked for anything. */
  function refusal(experiment: Experiment): Failure | null {
    const device = knownDevice(null, store.getState().capability);
    return device ? memoryRefusal(experiment, device) : null;
  }

  function begin(
    experiment: Experiment,
    timeline: readonly TimelineEntry[],
    pauseAfter?: number,
  ): void {
    navigator.storage.persist().catch(() => false); // refused: the browser may evict what is stored
    const { presetId } = store.getState().experiment;
    const name = presetId ? presetById(presetId).name : "Custom";
    run.train({ run: { runId: crypto.randomUUID(), name, experiment, timeline }, pauseAfter });
  }

  /** Runs what the form shows, with the changes that are scheduled. */
  function beginEdited(pauseAfter?: number): void {
    const { value, scheduled } = store.getState().experiment;
    begin(value, scheduled, pauseAfter);
  }

  /** Continues a stored run; one that was cut before its first checkpoint runs again from its start. */
  async function resumeStored(runId: string): Promise<void> {
    await stored.undo({ kind: "run", key: runId });
    const read = withDatabase((db) => readStoredRun(db, runId));
    const found = await read.catch((thrown: unknown) => {
      report(thrown);
      return null;
    });
    if (run.isUnderWay()) return; // another press was quicker
    if (found === undefined) report(runGone());
    if (!found) return;
    store.getState().restoreRun(found);
    if (found.phase === "finished") return;
    run.train({ run: found, from: found.checkpoint?.step });
  }

  async function downloadCheckpoint(): Promise<void> {
    const { runId, step } = store.getState().run;
    if (!runId) return;
    const live = await run.checkpoint();
    const bytes = live?.ok
      ? live.value
      : await withDatabase(async (db) => (await latestCheckpoint(db, runId))?.record.bytes);
    if (!bytes) throw noCheckpoint(store.getState().run.experiment);
    saveFile(new Blob([bytes]), `repa-studio-step-${step}.safetensors`);
  }

  /** Shows the link in the address, if there is one. */
  function openAddress(): void {
    store.getState().setView(viewOf(location.hash));
    if (isLink(location.hash)) offer(pendingLink(location.hash, codeVersion));
  }

  /** Shows what was opened, and asks what it would cost. */
  function offer(link: PendingLink): void {
    store.getState().offerLink(link);
    if (!link.experiment) return;
    void caching.costEstimate(link.experiment, link.timeline).then((costEstimate) => {
      if (store.getState().link !== link) return; // another link, or none, is shown by now
      if (costEstimate.ok) store.getState().setLinkCostEstimate(costEstimate.value);
      else store.getState().failLink(costEstimate.failure);
    });
  }

  /** What is shown, to be shared, with the hash of the images it was trained on. */
  async function shared(): Promise<SharedRun> {
    const { runId } = store.getState().run;
    const record = runId
      ? await withDatabase((db) => getRun(db, runId)).catch(() => undefined)
      : undefined;
    return shownRun(store.getState(), codeVersion, record);
  }

  async function copyLink(): Promise<string> {
    const run = await shared();
    try {
      return shareLink(run, new URL(location.pathname, location.origin));
    } catch (thrown) {
      store.getState().setUnlinkable(toFailure(thrown));
      throw new StudioError("CANCELLED", "There is no link.", "A file is offered in its place.");
    }
  }

  async function saveRunFile(): Promise<void> {
    const { blob, name } = shareFile(await shared(), store.getState().run.name);
    saveFile(blob, name);
  }

  const cleanAddress = () => history.replaceState(null, "", location.pathname + location.search);

  /** After a reload the newest run is shown again, unless the address asks for something else. */
  async function restore(db: Database): Promise<void> {
    if (!restoreWanted) return;
    const newest = await newestRun(db);
    if (!newest || isLink(location.hash) || run.isUnderWay()) return;
    const shown = JSON.stringify(store.getState().experiment.value);
    if (presetAsked && JSON.stringify(newest.experiment) !== shown) return;
    const found = await readStoredRun(db, newest.id);
    if (!found || run.isUnderWay()) return; // a press may have come while it was read
    store.getState().restoreRun(found);
    if ((await locks.taken()).has(newest.id)) elsewhere.follow(newest.id);
  }

  async function loadClassNames(): Promise<void> {
    const bytes = await fetchFile(new URL("emoji/", document.baseURI).href)("emoji.json");
    const { categories, concepts } = EmojiIndex.parse(JSON.parse(new TextDecoder().decode(bytes)));
    const { imagesPerGroup } = EMOJI_SHAPE;
    const counts = categories.map(
      (_, label) => imagesPerGroup * concepts.filter(({ category }) => category === label).length,
    );
    store.getState().setClassNames(categories, counts);
  }

  const fetchWeights = async (encoder: EncoderId) => {
    const needed = store.getState().preview.needs[encoder] ?? [];
    await weights.ensureWeights(needed, "show what it sees");
    await refreshStorage();
  };

  const places = { weights, datasets, storage, report, restore, saveFile };
  const stored = createStorageFlow(store, places);
  void loadClassNames().catch(report);
  openAddress();
  window.addEventListener("hashchange", openAddress);
  // the name and the classes of imported images are known once they are listed
  const stopListing = store.subscribe(({ experiment: { value }, datasets: { list } }, before) => {
    if (value.data === before.experiment.value.data || list !== null) return;
    if (value.data.dataset === "imported") void datasets.refresh();
  });
  const stopBand = watchBand(store, fetchFile(new URL(".", document.baseURI).href), report);
  const stopWatching = watchCostEstimate(store, caching.costEstimate, run.isUnderWay);

  return {
    start: () => beginEdited(),
    pause: () => run.press({ type: "pause" }),
    resume: () => {
      const { runId } = store.getState().run;
      if (run.isUnderWay()) run.press({ type: "resume" });
      else if (runId) void resumeStored(runId);
    },
    singleStep: () => {
      if (run.isUnderWay()) run.press({ type: "step" });
      else beginEdited(1);
    },
    stop: () => run.press({ type: "stop" }),
    setControl: run.setControl,
    copyLink,
    saveRunFile: () => void saveRunFile().catch(report),
    openRunFile: (file: File) => void pendingFile(file, codeVersion).then(offer),
    openLinked: () => {
      const { link } = store.getState();
      store.getState().clearLink();
      cleanAddress();
      if (!link?.experiment) return;
      store.getState().loadExperiment(link.experiment, null, link.timeline);
      // settings that contradict each other are shown in the form, to be mended and run from there
      if (validateExperiment(link.experiment, link.timeline).length > 0) return;
      begin(link.experiment, link.timeline);
    },
    dismissLink: () => {
      store.getState().clearLink();
      cleanAddress();
    },
    selectPreset: (id: string) => {
      store.getState().loadExperiment(presetById(id).experiment, id);
    },
    resumeRun: (runId: string) => void resumeStored(runId),
    ...stored.commands,
    trainOnCached: () => run.press({ type: "trainOnCached" }),
    downloadCheckpoint: () => void downloadCheckpoint().catch(report),
    dismissFailure: () => store.getState().dismissFailure(),
    showView: (view: View) => {
      location.hash = viewAddress(view);
    },
    confirmWeights: weights.confirm,
    declineWeights: weights.decline,
    interruptWeights: weights.interrupt,
    importWeights: weights.importFile,
    fetchWeights: (encoder: EncoderId) => void fetchWeights(encoder),
    lookUpDataset: (repo: string, revision: string) => void datasets.lookUp(repo, revision),
    importImages: datasets.importImages,
    cancelImport: datasets.cancelImport,
    continueImport: (id: string) => void datasets.continueImport(id),
    showImages: (query: ImageQuery) => void previews.showImages(query),
    mapFeatures: (encoders: readonly EncoderId[], grid: number) =>
      void previews.mapFeatures(encoders, grid),
    askNeeds: (encoders: readonly EncoderId[]) => void previews.askNeeds(encoders),
    estimatePrefill: (encoders: readonly EncoderId[]) => void prefill.costEstimate(encoders),
    prefillCaches: (encoders: readonly EncoderId[]) => void prefill.start(encoders),
    pauseCaching: () => void prefill.pause(),
    refreshAnalyses: () => void withDatabase((db) => refreshAnalyses(db, store)).catch(report),
    readGrids: (runIds: readonly string[]) =>
      void withDatabase((db) => refreshGrids(db, store, runIds)).catch(report),
    openCheckpoints: (files: readonly File[]) => void analysis.openFiles(files),
    closeCheckpoint: analysis.closeFile,
    analyse: () => void analysis.analyse(),
    cancelAnalysis: analysis.cancel,
    dispose: () => {
      window.removeEventListener("hashchange", openAddress);
      stopWatching();
      stopBand();
      stored.dispose();
      stopListing();
      elsewhere.dispose();
      heldKeys.dispose();
      for (const pool of [trainers, featurers, analysts]) pool.end();
    },
  };
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const runGone = () =>
  new StudioError(
    "STORAGE_FAILED",
    "This run is no longer stored here.",
    "It was deleted, perhaps in another tab. Press Train to run its settings again.",
  );

const noCheckpoint = (experiment: Experiment | null) =>
  new StudioError(
    "BAD_CHECKPOINT",
    "This run has no checkpoint yet.",
    `One is saved every ${experiment?.evaluation.checkpointEvery ?? "so many"} steps, at its end, and when it is stopped.`,
  );

function saveFile(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // some browsers read it after the click
}
