import { selectActive, selectTrainBlock } from "../store/selectors";
import type { Command } from "./command";

export const start: Command = {
  id: "start",
  label: "Train",
  about: "Run the edited experiment as a new run",
  icon: "play",
  place: "next",
  look: () => "filled",
  offered: (state) => {
    if (selectActive(state)) return "hidden";
    const block = selectTrainBlock(state);
    return block === null ? "offered" : { disabled: block };
  },
  perform: ({ run }) => run.begin(),
};
