import { createContext, useContext } from "react";
import type { ControlChange } from "../config/experiment";

/**
 * Everything the page can ask for; the bridge implements it and components only call it.
 * A command returns at once and never throws: progress, refusals and failures arrive through the store.
 * All are safe to call at any time; one that makes no sense in the present phase does nothing.
 */
export interface StudioCommands {
  /** Runs the edited experiment (`store.experiment.value`) as a new run: bill, caches, then training. */
  readonly start: () => void;
  readonly pause: () => void;
  /** Goes on after a pause, or from the newest checkpoint when the run shown was stopped or failed. */
  readonly resume: () => void;
  /** One step, then paused. Without an active run it starts one that is paused after its first step. */
  readonly singleStep: () => void;
  /** Ends the run after the step in flight, with a checkpoint. */
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
  readonly deleteRun: (runId: string) => void;
  readonly deleteCache: (cacheKey: string) => void;
  /** Stops filling caches after the shard in flight; what is written stays. */
  readonly cancelCaching: () => void;
  /** Saves the newest full state as a safetensors file. */
  readonly downloadCheckpoint: () => void;
  readonly dismissFailure: () => void;
}

export const CommandsContext = createContext<StudioCommands | null>(null);

export function useCommands(): StudioCommands {
  const commands = useContext(CommandsContext);
  if (!commands) throw new Error("useCommands needs a CommandsContext above it.");
  return commands;
}
