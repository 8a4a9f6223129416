import type { Experiment } from "../../common/config/experiment";
import { memoryRefusal } from "../../common/config/memoryRefusal";
import { presetById } from "../../common/config/presets";
import { toFailure, type Failure } from "../../common/errors/studioError";
import { fetchFile } from "../../common/formats/fetchFile";
import { isZip } from "../../common/formats/isZip";
import type { BackendChoice } from "../../common/protocol/shared";
import { give, type CommandContext } from "../commands/command";
import type { StudioCommands } from "../commands/studioCommands";
import { pairOf, runAgain } from "../store/pairRuns";
import { knownDevice } from "../store/selectors";
import type { StudioStore } from "../store/studioStore";
import { createAddressFlow } from "./flows/addressFlow";
import { createAnalysisFlow } from "./flows/analysisFlow";
import { watchBand } from "./flows/bandFlow";
import { loadClassNames } from "./flows/classNames";
import { watchCostEstimate } from "./flows/costEstimateWatcher";
import { createDatasetsFlow } from "./flows/datasetsFlow";
import { createElsewhereFlow } from "./flows/elsewhereFlow";
import { createForkFlow } from "./flows/forkFlow";
import { createPrefillFlow } from "./flows/prefillFlow";
import { createPreviewFlow } from "./flows/previewFlow";
import { createQueueFlow } from "./flows/queueFlow";
import { createOnStorage, createReadingFlow } from "./flows/readingFlow";
import { createResultsFlow } from "./flows/resultsFlow";
import { keepArrangement } from "./flows/arrangementFlow";
import { createRunsFlow } from "./flows/runsFlow";
import { loadRecorded } from "./flows/recordedFlow";
import { createSiteFlow } from "./flows/siteFlow";
import { createStorageFlow } from "./flows/storageFlow";
import { createWeightsFlow } from "./flows/weightsFlow";
import { isLink } from "./links";
import { saveFile } from "./saveFile";
import { watchBusy } from "./site/busyLock";
import { watchUse } from "./site/use";
import { createCaching } from "./run/caching";
import { createRunController } from "./run/controller";
import { createEventQueue } from "./run/eventQueue";
import { watchHeldKeys } from "./run/heldKeys";
import { createRunLauncher, type RunLauncher } from "./run/launcher";
import { createRunLocks, takenRuns } from "./run/runLocks";
import { withDatabase } from "./run/storedRuns";
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

type Flows = ReturnType<typeof createFlows>;

/** Joins the store to the workers and to storage. Nothing here throws. */
export function createBridge(
  store: StudioStore,
  options: BridgeOptions,
): StudioCommands & { readonly dispose: () => void } {
  const flows = createFlows(store, options);
  const end = watchPage(store, flows);
  return { ...commandsOf(store, flows), dispose: end };
}

/** Everything that talks to a worker or to storage. */
function createFlows(store: StudioStore, options: BridgeOptions) {
  const { backend, codeVersion } = options;
  const trainers = createWorkerPool(startTrainer);
  const featurers = createWorkerPool(startFeatures);
  const analysts = createWorkerPool(startAnalysisWorkers);
  const features = () => featurers.running().features;
  const queue = createEventQueue((events) => store.getState().applyRunEvents(events));
  const report = (thrown: unknown) =>
    store.getState().applyRunEvents([{ type: "warning", failure: toFailure(thrown) }]);
  const onStorage = createOnStorage(store, report);
  const refreshStorage = () => void onStorage(() => Promise.resolve());
  /** Why a run cannot start here, as far as it is known before workers are asked for anything. */
  const refusal = (experiment: Experiment): Failure | null => {
    const device = knownDevice(null, store.getState().capability);
    return device ? memoryRefusal(experiment, device) : null;
  };

  const weights = createWeightsFlow(store, featurers);
  const caching = createCaching(store, featurers, weights, backend, queue.push);
  const previews = createPreviewFlow(store, features, backend);
  const datasets = createDatasetsFlow(store, featurers, (imported) => {
    previews.follow(imported);
    refreshStorage();
  });
  const prefill = createPrefillFlow(store, caching, refreshStorage);
  const analysis = createAnalysisFlow(store, analysts, caching, backend);
  const locks = createRunLocks(navigator.locks, wait);
  const elsewhere = createElsewhereFlow({
    ...{ store, locks, withDatabase, wait, report },
    onFree: refreshStorage,
  });
  const keys = watchHeldKeys(window);
  const controller = createRunController({
    ...{ store, trainers, features: featurers, weights, caching, queue, withDatabase },
    ...{ backend, codeVersion, nowMs: () => Date.now(), refusal },
    locks,
    pausePrefill: prefill.pause,
    onElsewhere: ({ runId }) => elsewhere.follow(runId),
    onOver: () => {
      refreshStorage();
      forks.onOver();
      queued.onOver();
    },
    isKeyHeld: keys.isHeld,
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });
  const run: RunLauncher = createRunLauncher({
    ...{ store, controller, report },
    undoDelete: (key) => stored.undo({ kind: "run", key }),
    onRestored: async (runId) => {
      if ((await takenRuns()).has(runId)) elsewhere.follow(runId);
    },
  });
  const queued = createQueueFlow({
    ...{ store, withDatabase, report, isUnderWay: run.isUnderWay, begin: run.beginQueued },
    newId: () => crypto.randomUUID(),
  });
  const forks = createForkFlow({
    ...{ store, run, withDatabase, report },
    queueStored: queued.addStored,
    refresh: () => onStorage(() => Promise.resolve()),
    newId: () => crypto.randomUUID(),
    nowMs: () => Date.now(),
  });
  const address = createAddressFlow({
    ...{ store, caching, run, codeVersion },
    cleanAddress: () => history.replaceState(null, "", location.pathname + location.search),
    queue: (experiment, timeline) => void queued.add([{ name: "Custom", experiment, timeline }]),
  });
  const reading = createReadingFlow({ store, onStorage, weights, report });
  const runs = createRunsFlow({ store, withDatabase, report });
  const forgetArrangement = keepArrangement(store, withDatabase);
  const results = createResultsFlow({
    ...{ store, withDatabase, saveFile, codeVersion, report },
    nowMs: () => Date.now(),
    refresh: () => onStorage(() => Promise.resolve()),
    undoDelete: (key) => stored.undo({ kind: "run", key }),
  });
  const site = createSiteFlow({
    store,
    container: siteWorkers(),
    isolated: window.crossOriginIsolated,
    tabStorage: () => window.sessionStorage,
    base: new URL(".", document.baseURI).href,
    reload: () => location.reload(),
    loaded: pageLoaded,
    wasUsed: watchUse(window),
  });
  const isOther = isOtherThanAsked(store, options);
  const stored = createStorageFlow(store, {
    ...{ weights, datasets, storage: onStorage, report, saveFile },
    restore: async (db) => {
      await queued.read(db);
      await run.restore(db, isOther);
    },
  });
  return {
    ...{
      weights,
      caching,
      previews,
      datasets,
      prefill,
      analysis,
      controller,
      run,
      address,
      forks,
      reading,
      queued,
      runs,
      results,
      stored,
      site,
    },
    report,
    end: () => {
      keys.dispose();
      runs.dispose();
      forgetArrangement();
      queued.dispose();
      forks.dispose();
      elsewhere.dispose();
      stored.dispose();
      for (const pool of [trainers, featurers, analysts]) pool.end();
    },
  };
}

/** Built pages alone have a service worker: on the development server it would keep what is being edited. */
const siteWorkers = (): ServiceWorkerContainer | undefined =>
  import.meta.env.PROD && "serviceWorker" in navigator ? navigator.serviceWorker : undefined;

/** After a reload the newest run is shown again, unless the address asks for something else. */
const isOtherThanAsked =
  (store: StudioStore, { presetAsked, restore }: BridgeOptions) =>
  (experiment: Experiment): boolean => {
    const shown = JSON.stringify(store.getState().experiment.value);
    const isAnother = presetAsked && JSON.stringify(experiment) !== shown;
    return !restore || isLink(location.hash) || isAnother;
  };

/** Follows the address and the form. @returns ends it, and all workers */
function watchPage(
  store: StudioStore,
  { address, caching, datasets, run, site, report, end }: Flows,
): () => void {
  void loadClassNames(store).catch(report);
  address.open();
  window.addEventListener("hashchange", address.open);
  // the name and the classes of imported images are known once they are listed
  const stopListing = store.subscribe(({ experiment: { value }, datasets: { list } }, before) => {
    if (value.data === before.experiment.value.data || list !== null) return;
    if (value.data.dataset === "imported") void datasets.refresh();
  });
  const readFile = fetchFile(new URL(".", document.baseURI).href);
  const stopBand = watchBand(store, readFile, report);
  void loadRecorded(store, readFile);
  const stopBusy = watchBusy(store, navigator.locks);
  const stopSite = site.watch();
  const stopEstimate = watchCostEstimate(store, caching.costEstimate, run.isUnderWay);
  return () => {
    window.removeEventListener("hashchange", address.open);
    for (const stop of [stopEstimate, stopBand, stopListing, stopSite, stopBusy, end]) stop();
  };
}

const pageLoaded = (): Promise<void> =>
  document.readyState === "complete"
    ? Promise.resolve()
    : new Promise((resolve) => {
        window.addEventListener("load", () => resolve(), { once: true });
      });

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A saved experiment is offered as a link is; of results the runs are stored. What a file is, its first bytes say. */
async function openFile(file: File, { address, results }: Flows): Promise<void> {
  // one that cannot be read is said by whoever reads experiments
  const head = await file
    .slice(0, HEAD_BYTES)
    .arrayBuffer()
    .catch(() => new ArrayBuffer(0));
  return isZip(new Uint8Array(head)) ? results.open(file) : address.openRunFile(file);
}
const HEAD_BYTES = 4;

/** What components may ask for. */
function commandsOf(store: StudioStore, flows: Flows): StudioCommands {
  const { weights, datasets, previews, prefill, analysis, address, reading, stored, site } = flows;
  const { run, runs, queued, forks, results } = flows;
  const { saveCheckpoint } = run;
  const context: CommandContext = {
    ...{ store, run, saveCheckpoint },
    ...{ showView: address.showView, undoChange: forks.undo },
  };
  return {
    ...reading,
    ...stored.commands,
    give: (command) => give(command, context),
    setControl: flows.controller.setControl,
    copyLink: address.copyLink,
    saveRunFile: () => void address.saveRunFile().catch(flows.report),
    openFile: (file) => void openFile(file, flows).catch(flows.report),
    saveResults: (runIds, { checkpoints }) => void results.save(runIds, checkpoints),
    openCommand: (text) => void address.openCommand(text).catch(flows.report),
    openLinked: address.openLinked,
    dismissLink: address.dismissLink,
    selectPreset: (id) => store.getState().loadExperiment(presetById(id).experiment, id),
    resumeRun: (runId) => {
      const stored = store.getState().data.runs.find(({ id }) => id === runId);
      if (!stored || !run.isUnderWay()) return run.resumeStored(runId);
      const { name, experiment, timeline, checkpointStep } = stored;
      void queued.addStored({ runId, name, experiment, timeline, from: checkpointStep ?? 0 });
    },
    openRun: (runId) => {
      if (!run.isUnderWay()) return run.openStored(runId);
      runs.showRun(runId, true);
      store.getState().lookAt(runId);
      address.showView("compare");
    },
    showRun: runs.showRun,
    soloRun: runs.soloRun,
    colorRun: runs.colorRun,
    pinRun: runs.pinRun,
    renameRun: runs.renameRun,
    runAgain: (runId) => {
      const { data } = store.getState();
      const again = runAgain(data.runs, store.getState().queue.items, runId);
      if (again) void queued.add([again]);
    },
    fork: forks.fork,
    redoChange: forks.redo,
    trainPair: () => {
      const { value, scheduled } = store.getState().experiment;
      void queued.add(pairOf(value, scheduled));
    },
    startQueue: queued.start,
    dequeueRun: queued.remove,
    queueFirst: queued.first,
    downloadCheckpoint: saveCheckpoint,
    dismissFailure: () => store.getState().dismissFailure(),
    showView: address.showView,
    confirmWeights: weights.confirm,
    declineWeights: weights.decline,
    interruptWeights: weights.interrupt,
    importWeights: weights.importFile,
    lookUpDataset: (repo, revision) => void datasets.lookUp(repo, revision),
    inspectImages: (source, options) => void datasets.inspectImages(source, options),
    endInspection: datasets.endInspection,
    importImages: datasets.importImages,
    cancelImport: datasets.cancelImport,
    continueImport: (id) => void datasets.continueImport(id),
    showImages: (query) => void previews.showImages(query),
    mapFeatures: (encoders, grid) => void previews.mapFeatures(encoders, grid),
    askNeeds: (encoders) => void previews.askNeeds(encoders),
    estimatePrefill: (encoders) => void prefill.costEstimate(encoders),
    prefillCaches: (encoders) => void prefill.start(encoders),
    pauseCaching: () => void prefill.pause(),
    openCheckpoints: (files) => void analysis.openFiles(files),
    closeCheckpoint: analysis.closeFile,
    analyse: () => void analysis.analyse(),
    cancelAnalysis: analysis.cancel,
    readSite: () => void site.read(),
    keepSite: () => void site.keep(),
    forgetSite: () => void site.forget(),
    takeUpdate: () => void site.takeUpdate(),
  };
}
