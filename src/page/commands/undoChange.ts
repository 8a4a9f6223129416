import { undoBlock } from "../store/undo";
import type { Command } from "./command";

export const undoChange: Command = {
  id: "undoChange",
  label: "Undo live change",
  about: "Undo the newest live change: go on from before it, as a fork",
  shortcut: "Control+z",
  offered: (state) => {
    if (state.view !== "train") return "hidden"; // elsewhere what it changes is not seen
    const block = undoBlock(state);
    return block === null ? "offered" : { disabled: block };
  },
  perform: ({ undoChange: undo }) => undo(),
};
