import { createRoot } from "react-dom/client";
import { App } from "../../src/page/app/App";
import { presetById } from "../../src/common/config/presets";
import { lastStep } from "../../src/page/store/stepLog";
import type { RunChange, StoredRun } from "../../src/page/store/dataSlice";
import type { StudioStore } from "../../src/page/store/studioStore";
import { give, type CommandContext } from "../../src/page/commands/command";
import type { StudioCommands } from "../../src/page/commands/studioCommands";
import { selectActive } from "../../src/page/store/selectors";
import { analyseGrids } from "./analyseScenes";
import { featureMaps, imagePage, NEEDED } from "./dataScenes";
import { drawGrid, layers, point, quality, storeOf, type Scene } from "./scenes";

const SCENES: readonly Scene[] = [
  "idle",
  "caching",
  "firststep",
  "training",
  "paused",
  "failed",
  "slow",
  "nostart",
  "selfcheck",
  "link",
  "badlink",
  "big",
  "data",
  "dataempty",
  "dataimport",
  "datafailed",
  "datamaps",
  "weights",
  "weightsget",
  "weightsfailed",
  "linkdata",
  "analyse",
  "analyseempty",
  "analyseone",
  "analyserunning",
  "analysefailed",
];

/** Commands that answer from the script: the page behaves, nothing is computed. */
function scriptedCommands(store: StudioStore): StudioCommands {
  const state = () => store.getState();
  const phase = (name: "training" | "paused" | "stopped") =>
    state().applyRunEvents([{ type: "phase", phase: name, step: state().run.step }]);
  const context: CommandContext = {
    store,
    run: {
      press: (press) => {
        if (press === "pause") phase("paused");
        else if (press === "stop") phase("stopped");
        else if (press === "resume") phase("training");
        else if (press === "step") {
          state().applyRunEvents([{ type: "steps", points: [point(state().run.step + 1)] }]);
        }
      },
      begin: () => {
        const experiment = state().experiment.value;
        state().beginRun({ runId: "run-9", name: "New run", experiment, timeline: [] });
        phase("training");
        stream(store);
      },
      resumeStored: () => phase("training"),
      isUnderWay: () => selectActive(state()),
    },
    showView: (view) => state().setView(view),
    saveCheckpoint: () => undefined,
    undoChange: () => undefined,
  };
  const change = (runId: string, changed: (run: StoredRun) => RunChange) => {
    const run = state().data.runs.find(({ id }) => id === runId);
    if (run) state().changeRun(runId, changed(run));
  };
  return {
    give: (command) => give(command, context),
    setControl: (change) =>
      state().applyRunEvents([{ type: "control", entry: { step: state().run.step + 1, change } }]),
    copyLink: () => Promise.resolve(`${window.location.origin}/#/run?x=scripted`),
    saveRunFile: () => undefined,
    openFile: () => undefined,
    saveResults: () => undefined,
    openCommand: () => undefined,
    openLinked: () => state().clearLink(),
    dismissLink: () => state().clearLink(),
    selectPreset: (id) => state().loadExperiment(presetById(id).experiment, id),
    resumeRun: () => phase("training"),
    openRun: () => undefined,
    showRun: (runId, shown) => change(runId, ({ look }) => ({ look: { ...look, shown } })),
    soloRun: (solo) =>
      state().data.runs.forEach(({ id }) =>
        change(id, ({ look }) => ({ look: { ...look, shown: id === solo } })),
      ),
    colorRun: (runId, color) => change(runId, ({ look }) => ({ look: { ...look, color } })),
    pinRun: (runId, pinned) => state().changeRun(runId, { pinned }),
    runAgain: () => undefined,
    fork: () => undefined,
    redoChange: () => state().setForks({ undone: null }),
    pinCheckpoint: () => undefined,
    setCheckpointBudget: (bytes) => state().setCheckpointBudget(bytes),
    trainPair: () => undefined,
    startQueue: () => state().setQueue({ held: false }),
    dequeueRun: (runId) =>
      state().setQueue({ items: state().queue.items.filter((item) => item.runId !== runId) }),
    queueFirst: () => undefined,
    renameRun: (runId, name) => state().changeRun(runId, { name }),
    deleteRun: (runId) => state().setRuns(state().data.runs.filter(({ id }) => id !== runId)),
    deleteCache: (cacheKey) =>
      state().setStorage(
        state().data.storage,
        state().data.caches.filter(({ key }) => key !== cacheKey),
      ),
    undoDelete: (deletion) => state().dropDeletion(deletion),
    finishDeletes: () => undefined,
    deleteUnreadable: () => undefined,
    saveUnreadable: () => undefined,
    downloadCheckpoint: () => undefined,
    dismissFailure: () => state().dismissFailure(),
    showView: (view) => state().setView(view),
    refreshStored: () => undefined,
    confirmWeights: () => state().beginWeights(),
    declineWeights: () => state().endWeights(),
    interruptWeights: () => state().interruptWeights(),
    importWeights: () => undefined,
    fetchWeights: () => state().askWeights(NEEDED, "show what it sees"),
    deleteWeights: (key) =>
      state().setStoredWeights(state().weights.stored.filter((other) => other.key !== key)),
    lookUpDataset: (repo, revision) =>
      state().setLookup({ repo, revision, status: "ready", offers: [], failure: null }),
    inspectImages: () => undefined,
    endInspection: () => state().setLook(null),
    importImages: (_, { name }) => state().beginImport(name, "here"),
    cancelImport: () =>
      state().endImport({ code: "CANCELLED", message: "Cancelled.", hint: "Continue goes on." }),
    continueImport: () => undefined,
    deleteDataset: (id) =>
      state().setDatasets((state().datasets.list ?? []).filter((other) => other.id !== id)),
    showImages: (query) => {
      state().askImages(query);
      state().setImages(imagePage(query));
    },
    mapFeatures: (encoders, grid) => {
      const { selected } = state().preview;
      state().beginMaps(encoders);
      for (const encoder of encoders) {
        state().setMaps(featureMaps(encoder, grid, selected.length));
      }
    },
    askNeeds: () => undefined,
    estimatePrefill: () => undefined,
    prefillCaches: () => state().setPrefill("running"),
    pauseCaching: () => state().setPrefill("paused"),
    refreshAnalyses: () => undefined,
    readGrids: (runIds) =>
      void analyseGrids(drawGrid).then((grids) => {
        for (const runId of runIds) state().setAnalysisGrids(runId, grids);
      }),
    openCheckpoints: () => undefined,
    closeCheckpoint: (fileId) => state().removeCheckpoint(fileId),
    analyse: () => {
      state().beginAnalysis();
      state().runAnalysis();
    },
    cancelAnalysis: () => state().cancelAnalysis(),
    readSite: () => undefined,
    keepSite: () => undefined,
    forgetSite: () => undefined,
    takeUpdate: () => undefined,
  };
}

/** Logs 25 steps four times a second while the phase is training, with grids and metrics as they fall due. */
function stream(store: StudioStore) {
  const batch = 25;
  setInterval(() => {
    const { run, experiment, applyRunEvents } = store.getState();
    if (run.phase !== "training") return;
    const from = Math.max(0, lastStep(run.log)) + 1;
    const points = Array.from({ length: batch }, (_, index) => point(from + index));
    const last = from + batch - 1;
    const due = Math.floor(last / 100) * 100;
    applyRunEvents([{ type: "steps", points }]);
    if (due < from) return;
    applyRunEvents([
      { type: "measurement", measurement: quality(due) },
      { type: "measurement", measurement: layers(due, "tiny-vit", 4) },
    ]);
    void drawGrid(due, experiment.value.sampling.gridSize).then((grid) => {
      applyRunEvents([{ type: "grid", grid }]);
    });
  }, 250);
}

const query = new URLSearchParams(window.location.search);
const scene = SCENES.find((name) => name === query.get("scene")) ?? "training";
const store = await storeOf(scene);
if (query.has("stream")) stream(store);
const root = document.getElementById("root");
if (root) createRoot(root).render(<App store={store} commands={scriptedCommands(store)} />);
