import { useEffect } from "react";
import { canPause, neighbourGridStep, steppedCursor } from "../../store/selectors";
import { stepAt } from "../../store/stepLog";
import type { StudioStore } from "../../store/studioStore";
import type { View } from "../../store/viewSlice";
import { useCommands, type StudioCommands } from "../commands";
import { useStudioStore } from "../useStudio";
import { scrubKeyMove } from "./scrubKeys";

/** Where keys already mean something: typing, choosing, pressing, and open dialogs. */
const TAKES_KEYS =
  "input, textarea, select, button, [role=slider], [role=dialog], [role=listbox], [contenteditable=true]";
/** The scrubber's thumb takes arrows itself, but Space means pause there too. */
const SCRUBBER = "[aria-label='Training step shown']";

const VIEW_KEYS: Readonly<Record<string, View>> = { t: "train", d: "data", a: "analyse" };

/** Shortcuts of the whole page; `?` opens their list. */
export function useShortcuts(onHelp: () => void): void {
  const store = useStudioStore();
  const commands = useCommands();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target instanceof Element ? event.target : null;
      const onScrubber = target?.matches(SCRUBBER) ?? false;
      if (!onScrubber && target?.closest(TAKES_KEYS)) return;
      if (event.key === "?") onHelp();
      else if (!handleKey(event, store, commands)) return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [store, commands, onHelp]);
}

/** @returns true when the key did something */
function handleKey(event: KeyboardEvent, store: StudioStore, commands: StudioCommands): boolean {
  const state = store.getState();
  const { phase, log } = state.run;
  if (event.key === " ") {
    if (phase === "paused") commands.resume();
    else if (canPause(phase)) commands.pause();
    return true;
  }
  const view = VIEW_KEYS[event.key];
  if (view) {
    commands.showView(view);
    return true;
  }
  if (event.key === ".") {
    if (phase === "paused") commands.singleStep();
    return true;
  }
  if (state.view !== "train") return false; // the scrubber is not on screen
  if (event.key === "[" || event.key === "]") {
    const step = neighbourGridStep(state, event.key === "[" ? -1 : 1);
    if (step !== null) state.setCursor(step);
    return true;
  }
  const move = scrubKeyMove(event.key, event.shiftKey);
  if (move === null || log.length === 0) return false;
  state.setCursor(move === "first" ? stepAt(log, 0) : steppedCursor(state, move));
  return true;
}
