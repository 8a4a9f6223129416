import { z } from "zod";
import type { ControlChange, Experiment, TimelineEntry } from "../config/experiment";
import { presetById } from "../config/presets";
import { validateExperiment } from "../config/validate";
import { fetchFile } from "../data/fetchFile";
import { toFailure } from "../errors/studioError";
import type { BackendChoice } from "../protocol/shared";
import { deleteCache } from "../storage/caches";
import { latestCheckpoint } from "../storage/checkpoints";
import type { Database } from "../storage/db";
import { deleteRun } from "../storage/runs";
import type { RunStart } from "../store/runSlice";
import type { StudioStore } from "../store/studioStore";
import { watchBill } from "./billWatcher";
import { isLink, pendingLink, shareLink } from "./links";
import { createRunner } from "./runner";
import { newestRun, readStoredRun, refreshLists, withDatabase } from "./storedRuns";

export interface BridgeOptions {
  readonly backend: BackendChoice;
  /** True when the address names a preset: a stored run of another experiment is then not shown over it. */
  readonly presetAsked: boolean;
  readonly codeVersion: string;
}

const EmojiCategories = z.object({ categories: z.array(z.string()) });

/** Phases in which a worker holds the run. */
const ACTIVE = new Set(["caching", "loading", "compiling", "training", "evaluating", "paused"]);

/** Joins the store to the workers and to storage; the commands of ui/commands.ts. Nothing here throws. */
export function createBridge(
  store: StudioStore,
  { backend, presetAsked, codeVersion }: BridgeOptions,
) {
  const runner = createRunner(store, backend);
  const isActive = () => ACTIVE.has(store.getState().run.phase);
  const report = (thrown: unknown) =>
    store.getState().applyRunEvents([{ type: "warning", failure: toFailure(thrown) }]);
  /** Works on the database, then shows what is stored now. */
  const storage = (work: (db: Database) => Promise<unknown>) =>
    withDatabase(async (db) => {
      await work(db);
      await refreshLists(db, store);
    }).catch(report);

  async function train(start: RunStart, pauseAfter?: number): Promise<void> {
    void navigator.storage.persist();
    await runner.run(start, pauseAfter);
    await storage(() => Promise.resolve());
  }

  function begin(
    experiment: Experiment,
    timeline: readonly TimelineEntry[],
    pauseAfter?: number,
  ): void {
    if (isActive()) return;
    const { presetId } = store.getState().experiment;
    const name = presetId ? presetById(presetId).name : "Custom";
    const start = { runId: crypto.randomUUID(), name, experiment, timeline };
    store.getState().beginRun(start);
    void train(start, pauseAfter);
  }

  /** Continues a stored run; one that was cut before its first checkpoint runs again from its start. */
  async function resumeStored(runId: string): Promise<void> {
    if (isActive()) return;
    const stored = await withDatabase((db) => readStoredRun(db, runId)).catch(report);
    if (!stored) return;
    store.getState().restoreRun(stored);
    if (stored.phase === "finished") return;
    store.getState().setPhase("caching");
    await train(stored);
  }

  async function downloadCheckpoint(): Promise<void> {
    const { runId, step } = store.getState().run;
    if (!runId) return;
    const live = isActive() ? await runner.checkpoint() : undefined;
    const bytes = live?.ok
      ? live.value
      : await withDatabase(async (db) => (await latestCheckpoint(db, runId))?.record.bytes);
    if (bytes) saveFile(new Blob([bytes]), `repa-studio-step-${step}.safetensors`);
  }

  /** Shows the link in the address, if there is one, and asks what it would cost. */
  function openAddress(): void {
    if (!isLink(location.hash)) return;
    const link = pendingLink(location.hash, codeVersion);
    store.getState().offerLink(link);
    if (!link.experiment) return;
    void runner.bill(link.experiment, link.timeline).then((bill) => {
      if (bill.ok) store.getState().setLinkBill(bill.value);
      else report(bill.failure);
    });
  }

  const cleanAddress = () => history.replaceState(null, "", location.pathname + location.search);

  /** After a reload the newest run is shown again, unless the address asks for something else. */
  async function restore(db: Database): Promise<void> {
    const newest = await newestRun(db);
    if (!newest || isLink(location.hash) || isActive()) return;
    const shown = JSON.stringify(store.getState().experiment.value);
    if (presetAsked && JSON.stringify(newest.experiment) !== shown) return;
    const stored = await readStoredRun(db, newest.id);
    if (stored) store.getState().restoreRun(stored);
  }

  async function loadClassNames(): Promise<void> {
    const bytes = await fetchFile(new URL("emoji/", document.baseURI).href)("emoji.json");
    const { categories } = EmojiCategories.parse(JSON.parse(new TextDecoder().decode(bytes)));
    store.getState().setClassNames(categories);
  }

  void storage(restore);
  void loadClassNames().catch(report);
  openAddress();
  window.addEventListener("hashchange", openAddress);
  const stopWatching = watchBill(store, (experiment) => runner.bill(experiment, []), isActive);

  return {
    start: () => begin(store.getState().experiment.value, []),
    pause: () => runner.tell((trainer) => trainer.pause()),
    resume: () => {
      const { phase, runId } = store.getState().run;
      if (phase === "paused") runner.tell((trainer) => trainer.resume());
      else if (runId) void resumeStored(runId);
    },
    singleStep: () => {
      if (isActive()) runner.tell((trainer) => trainer.singleStep());
      else begin(store.getState().experiment.value, [], 1);
    },
    stop: () => {
      if (store.getState().run.phase === "caching") runner.cancelCaching();
      runner.tell((trainer) => trainer.stop());
    },
    setControl: (change: ControlChange) => {
      const { experiment } = store.getState().run;
      if (experiment && isActive()) void runner.setControl(experiment, change);
    },
    copyLink: async () => {
      const { runId } = store.getState().run;
      const record = runId
        ? await withDatabase((db) => db.get("runs", runId)).catch(() => undefined)
        : undefined;
      const address = new URL(location.pathname, location.origin);
      return shareLink(store.getState(), address, codeVersion, record);
    },
    openLinked: () => {
      const { link } = store.getState();
      store.getState().clearLink();
      cleanAddress();
      if (!link?.experiment) return;
      store.getState().loadExperiment(link.experiment, null);
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
    deleteRun: (runId: string) => void storage((db) => deleteRun(db, runId)),
    deleteCache: (cacheKey: string) => void storage((db) => deleteCache(db, cacheKey)),
    cancelCaching: runner.cancelCaching,
    downloadCheckpoint: () => void downloadCheckpoint().catch(report),
    dismissFailure: () => store.getState().dismissFailure(),
    dispose: () => {
      window.removeEventListener("hashchange", openAddress);
      stopWatching();
      runner.dispose();
    },
  };
}

function saveFile(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
