const ACTIVE = ["caching", "loading", "compiling", "training", "evaluating", "paused"] as const;

/**
 * Every phase of the page's run, in the order of its life. `idle`: nothing was run in this tab. `elsewhere`: another tab has
 * the run, shown as that one stores it. `unknown`: a later version stored a phase that this one does not know.
 */
export const PHASES = [
  "idle",
  ...ACTIVE,
  "finished",
  "stopped",
  "failed",
  "elsewhere",
  "unknown",
] as const;

export type RunStatus = (typeof PHASES)[number];

/** A run holds the trainer: settings that are not live are locked. */
export const isActive = (phase: RunStatus): boolean => ACTIVE.some((active) => active === phase);

/** True when Pause does something: the run is under way and not paused already. */
export const canPause = (phase: RunStatus): boolean =>
  isActive(phase) && phase !== "caching" && phase !== "paused";
