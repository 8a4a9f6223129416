import { steppedCursor } from "../store/selectors";
import { stepAt } from "../store/stepLog";
import { followsCursor } from "../store/viewSlice";
import type { Command } from "./command";

/** A move of the scrubber: logged steps to go by, or to the first. */
export type ScrubMove = number | "first";

interface Scrub {
  readonly id: string;
  readonly about: string;
  readonly shortcut: string;
  readonly move: ScrubMove;
}

/** Every key that moves the scrubber, in the order of the list of keys. */
export const SCRUBS: readonly Scrub[] = [
  { id: "previousStep", about: "Previous logged step", shortcut: "ArrowLeft", move: -1 },
  { id: "nextStep", about: "Next logged step", shortcut: "ArrowRight", move: 1 },
  { id: "tenBack", about: "Ten logged steps back", shortcut: "Shift+ArrowLeft", move: -10 },
  { id: "tenOn", about: "Ten logged steps forward", shortcut: "Shift+ArrowRight", move: 10 },
  { id: "hundredBack", about: "A hundred logged steps back", shortcut: "PageDown", move: -100 },
  { id: "hundredOn", about: "A hundred logged steps forward", shortcut: "PageUp", move: 100 },
  { id: "firstStep", about: "First logged step", shortcut: "Home", move: "first" },
  { id: "newestStep", about: "Follow the newest step", shortcut: "End", move: Infinity },
];

export const scrubCommands: readonly Command[] = SCRUBS.map(({ move, ...scrub }) => ({
  ...scrub,
  label: scrub.about,
  // there is nothing to show before the first step
  offered: ({ view, run }) => (followsCursor(view) && run.log.length > 0 ? "offered" : "hidden"),
  perform: ({ store }) => {
    const state = store.getState();
    state.setCursor(move === "first" ? stepAt(state.run.log, 0) : steppedCursor(state, move));
  },
}));
