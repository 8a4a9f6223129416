import type { ControlChange, EncoderId } from "../../common/config/experiment";
import type { ImportOptions, ImportSource, InspectOptions } from "../../common/protocol/datasets";
import type { Deletion } from "../store/deletionsSlice";
import type { ForkAsked } from "../store/forksSlice";
import type { ImageQuery } from "../store/previewSlice";
import type { View } from "../store/viewSlice";
import type { Command } from "./command";

/**
 * Everything the page can ask for; the bridge implements it and components only call it. What a button or a key does
 * without more being said is a `Command`; the rest takes arguments or belongs to one view.
 * A command returns at once and never throws: progress, refusals and failures arrive through the store.
 * All are safe to call at any time; one that makes no sense in the present phase does nothing.
 */
export interface StudioCommands {
  /** Gives a command of `commandList.ts`, if it is offered now. */
  readonly give: (command: Command) => void;
  /**
   * A live setting was moved in the form. The run has it from the next step after the gesture is over; the store hears of
   * it by the `control` event.
   */
  readonly setControl: (change: ControlChange) => void;
  /** The share link of what is shown: the run's experiment and timeline, or the edited experiment. */
  readonly copyLink: () => Promise<string>;
  /** Saves what is shown, with its timeline, as a small JSON file. */
  readonly saveRunFile: () => void;
  /**
   * Reads a saved experiment and offers it as a link is offered: nothing of it runs before the user says so. Of a file of
   * results the runs are stored and drawn.
   */
  readonly openFile: (file: File) => void;
  /** Saves stored runs as one file of results. */
  readonly saveResults: (
    runIds: readonly string[],
    options: { readonly checkpoints: boolean },
  ) => void;
  /** Reads a command line of the reference's trainer and offers it as a link is offered. */
  readonly openCommand: (text: string) => void;
  /** Runs the pending link; while a run is under way it goes to the end of the queue. */
  readonly openLinked: () => void;
  /** Forgets the pending link and cleans the address. */
  readonly dismissLink: () => void;
  /** Shows a preset in the form; nothing while a run is under way. */
  readonly selectPreset: (id: string) => void;
  /** Goes on with a stored run from its newest checkpoint: at once, or after what is under way. */
  readonly resumeRun: (runId: string) => void;
  /**
   * Shows a stored run, its curves, samples and settings, without training it. While another is under way, which the page
   * follows, it is drawn beside that one in Compare.
   */
  readonly openRun: (runId: string) => void;
  /** Draws a stored run beside the open one, or no longer; also while another trains. */
  readonly showRun: (runId: string, shown: boolean) => void;
  /** Draws this run and no other. */
  readonly soloRun: (runId: string) => void;
  /** @param color place in the palette */
  readonly colorRun: (runId: string, color: number) => void;
  /** Keeps a run on top of the list. */
  readonly pinRun: (runId: string, pinned: boolean) => void;
  /** An empty name changes nothing. */
  readonly renameRun: (runId: string, name: string) => void;
  /** The same settings with the next seed: at once, or after what is under way. */
  readonly runAgain: (runId: string) => void;
  /**
   * Makes a run that begins from a checkpoint of another one, with other settings. One that trains at once stops what is under
   * way, which is kept.
   */
  readonly fork: (asked: ForkAsked) => void;
  /** Back to the run whose live change was undone. */
  readonly redoChange: () => void;
  /** Keeps a checkpoint until the user says otherwise. */
  readonly pinCheckpoint: (runId: string, step: number, pinned: boolean) => void;
  /** @param bytes what pinned checkpoints and fork points of all runs may take */
  readonly setCheckpointBudget: (bytes: number) => void;
  /** The edited experiment without alignment and with it, one after the other. */
  readonly trainPair: () => void;
  /** Goes on with the runs that wait. */
  readonly startQueue: () => void;
  /** Takes a run that waits out of the queue. */
  readonly dequeueRun: (runId: string) => void;
  /** Makes a run that waits the next one. */
  readonly queueFirst: (runId: string) => void;
  /** As all that delete something stored: it is gone when the notice of it is; until then it can be undone. */
  readonly deleteRun: (runId: string) => void;
  readonly deleteCache: (cacheKey: string) => void;
  readonly undoDelete: (deletion: Deletion) => void;
  /** The notices of what was deleted are gone. */
  readonly finishDeletes: () => void;
  /** A record that cannot be read, by `unreadableId`. */
  readonly deleteUnreadable: (id: string) => void;
  readonly saveUnreadable: (id: string) => void;
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
  /** Looks at what was chosen; nothing is stored. What is found is `datasets.look`. */
  readonly inspectImages: (source: ImportSource, options: InspectOptions) => void;
  readonly endInspection: () => void;
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

  /** Reads the site's version and size, and whether it is kept. */
  readonly readSite: () => void;
  /** Stores the whole site, so that it opens without a network. */
  readonly keepSite: () => void;
  readonly forgetSite: () => void;
  /** Takes the newer version that waits and reloads the page; refuses while something is under way in any tab. */
  readonly takeUpdate: () => void;
}
