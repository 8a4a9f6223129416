import { canPause } from "../store/runPhase";
import type { Command } from "./command";

/** One key for both: whoever presses Space wants the other of the two. */
export const pauseOrResume: Command = {
  id: "pauseOrResume",
  label: "Pause or resume",
  about: "Pause or resume training",
  shortcut: " ",
  offered: ({ run }) =>
    run.phase === "paused" || canPause(run.phase) ? "offered" : { disabled: "No run is training." },
  perform: ({ store, run }) =>
    run.press(store.getState().run.phase === "paused" ? "resume" : "pause"),
};
