import { createContext, useContext } from "react";
import type { ControlChange, EncoderId } from "../../common/config/experiment";
import type { ImportOptions, ImportSource } from "../../common/protocol/datasets";
import type { Deletion } from "../store/deletionsSlice";
import type { ImageQuery } from "../store/previewSlice";
import type { View } from "../store/viewSlice";

/**
 * Everything the page can ask for; the bridge implements it and components only call it.
 * A command returns at once and never throws: progress, refusals and failures arrive through the store.
 * All are safe to call at any time; one that makes no sense in the present phase does nothing.
 */
export interface StudioCommands {
  /** Runs the edited experiment (`store.experiment.value`) as a new run: weights, caches, then training. */
  readonly start: () => void;
  readonly pause: () => void;
  /** Goes on after a pause, or from the newest checkpoint when the run shown was stopped or failed. */
  readonly resume: () => void;
  /** One step, then paused. Without an active run it starts one that is paused after its first step. */
  readonly singleStep: () => void;
  /**
   * Ends the run after the step in flight, with a checkpoint. Before its first step: gives it up; caches keep what is
   * written.
   */
  readonly stop: () => void;
  /** Takes effect at the next step boundary; the store hears of it by the `control` event. */
  readonly setControl: (change: ControlChange) => void;
  /** The share link of what is shown: the run's experiment and timeline, or the edited experiment. */
  readonly copyLink: () => Promise<string>;
  /** Runs the pending link. */
  readonly openLinked: () => void;
  /** Forgets the pending link and cleans the address. */
  readonly dismissLink: () => void;
  readonly selectPreset: (id: string) => void;
  /** Continues a stored run from its newest checkpoint; one without a checkpoint is only shown. */
  readonly resumeRun: (runId: string) => void;
  /** As all that delete something stored: it is gone when the notice of it is; until then it can be undone. */
  readonly deleteRun: (runId: string) => void;
  readonly deleteCache: (cacheKey: string) => void;
  readonly undoDelete: (deletion: Deletion) => void;
  /** The notices of what was deleted are gone. */
  readonly finishDeletes: () => void;
  /** A record that cannot be read, by `unreadableId`. */
  readonly deleteUnreadable: (id: string) => void;
  readonly saveUnreadable: (id: string) => void;
  /** Stops filling caches and trains on the images that are in all of them; the run says that it sees a part. */
  readonly trainOnCached: () => void;
  /** Saves the newest full state as a safetensors file. */
  readonly downloadCheckpoint: () => void;
  readonly dismissFailure: () => void;
  readonly showView: (view: View) => void;
  /** Reads anew what is stored: runs, caches, weights, data sets, storage used. */
  readonly refreshStored: () => void;

  /** Fetches the weights that were asked for; what waits for them goes on afterwards. */
  readonly confirmWeights: () => void;
  /** Ends the download if there is one, keeping what is here, and gives up what waited for it. */
  readonly declineWeights: () => void;
  /** Ends the download and asks again, with what is here counted. */
  readonly interruptWeights: () => void;
  /** Takes a safetensors file in place of the download of one asked-for item. */
  readonly importWeights: (item: number, picked: File) => void;
  /** Asks for what an encoder of the Data view lacks. */
  readonly fetchWeights: (encoder: EncoderId) => void;
  readonly deleteWeights: (key: string) => void;

  /** Asks the hub what a data set holds; nothing of it is fetched. */
  readonly lookUpDataset: (repo: string, revision: string) => void;
  readonly importImages: (source: ImportSource, options: ImportOptions) => void;
  readonly cancelImport: () => void;
  /** Goes on with a cut import; asks the browser for leave to read a remembered folder again. Call it on a click. */
  readonly continueImport: (id: string) => void;
  readonly deleteDataset: (id: string) => void;

  readonly showImages: (query: ImageQuery) => void;
  /** Encodes the selected images with each encoder and shows their tokens as colours. */
  readonly mapFeatures: (encoders: readonly EncoderId[], grid: number) => void;
  /** Finds out which weights encoders lack. */
  readonly askNeeds: (encoders: readonly EncoderId[]) => void;

  /** What caching the edited experiment's data with these encoders takes. */
  readonly estimatePrefill: (encoders: readonly EncoderId[]) => void;
  /** Fills them without training, or goes on where that was paused. */
  readonly prefillCaches: (encoders: readonly EncoderId[]) => void;
  /** Ends it after the shard in flight. */
  readonly pauseCaching: () => void;

  /** Reads what can be analysed and all stored results. */
  readonly refreshAnalyses: () => void;
  /** Reads the sample grids of stored runs. */
  readonly readGrids: (runIds: readonly string[]) => void;
  readonly openCheckpoints: (files: readonly File[]) => void;
  readonly closeCheckpoint: (fileId: string) => void;
  /** Measures the chosen subjects by the plan; asks for weights and fills caches first. */
  readonly analyse: () => void;
  /** Ends it at the next block of arithmetic; what was measured stays. */
  readonly cancelAnalysis: () => void;
}

export const CommandsContext = createContext<StudioCommands | null>(null);

export function useCommands(): StudioCommands {
  const commands = useContext(CommandsContext);
  if (!commands) throw new Error("useCommands needs a CommandsContext above it.");
  return commands;
}
