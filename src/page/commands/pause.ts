import { canPause } from "../store/runPhase";
import type { Command } from "./command";

export const pause: Command = {
  id: "pause",
  label: "Pause",
  about: "Pause after the step in flight",
  icon: "pause",
  place: "next",
  look: () => "light",
  offered: ({ run }) => (canPause(run.phase) ? "offered" : "hidden"),
  perform: ({ run }) => run.press("pause"),
};
