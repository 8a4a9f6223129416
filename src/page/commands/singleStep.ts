import { selectActive, selectTrainBlock } from "../store/selectors";
import type { Command } from "./command";

const PAUSE_FIRST = { disabled: "Pause the run first." };

export const singleStep: Command = {
  id: "singleStep",
  label: "Step",
  about: "One step, then pause",
  icon: "skip",
  shortcut: ".",
  place: "beside",
  offered: (state) => {
    if (selectActive(state)) return state.run.phase === "paused" ? "offered" : PAUSE_FIRST;
    const block = selectTrainBlock(state);
    return block === null ? "offered" : { disabled: block };
  },
  // a key that is touched by chance starts no run
  offeredByKey: ({ run }) => (run.phase === "paused" ? "offered" : PAUSE_FIRST),
  perform: ({ run }) => {
    if (run.isUnderWay()) run.press("step");
    else run.begin(1);
  },
};
