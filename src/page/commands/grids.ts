import { neighbourGridStep } from "../store/selectors";
import { followsCursor } from "../store/viewSlice";
import type { Command } from "./command";

const gridCommand = (id: string, about: string, shortcut: string, direction: -1 | 1): Command => ({
  ...{ id, label: about, about, shortcut },
  offered: (state) => {
    if (!followsCursor(state.view)) return "hidden";
    return neighbourGridStep(state, direction) === null
      ? { disabled: "There is no sample grid that way." }
      : "offered";
  },
  perform: ({ store }) => {
    const step = neighbourGridStep(store.getState(), direction);
    if (step !== null) store.getState().setCursor(step);
  },
});

export const gridCommands: readonly Command[] = [
  gridCommand("previousGrid", "Previous sample grid", "[", -1),
  gridCommand("nextGrid", "Next sample grid", "]", 1),
];
