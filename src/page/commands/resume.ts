import { selectResumable } from "../store/selectors";
import type { Command } from "./command";

export const resume: Command = {
  id: "resume",
  label: "Resume",
  about: "Go on after a pause, or from the newest checkpoint",
  icon: "play",
  place: "next",
  look: ({ run }) => (run.phase === "paused" ? "filled" : "default"),
  offered: (state) =>
    state.run.phase === "paused" || selectResumable(state) ? "offered" : "hidden",
  perform: ({ store, run }) => {
    const { runId } = store.getState().run;
    if (run.isUnderWay()) run.press("resume");
    else if (runId !== null) run.resumeStored(runId);
  },
};
