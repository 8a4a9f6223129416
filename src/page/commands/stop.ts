import { selectActive } from "../store/selectors";
import type { Command } from "./command";

export const stop: Command = {
  id: "stop",
  label: "Stop",
  about: "End the run after the step in flight, with a checkpoint",
  icon: "stop",
  place: "beside",
  offered: (state) => {
    if (!selectActive(state)) return { disabled: "No run is under way." };
    return state.run.phase === "caching" ? { disabled: "Cancel ends it now." } : "offered";
  },
  perform: ({ run }) => run.press("stop"),
};
