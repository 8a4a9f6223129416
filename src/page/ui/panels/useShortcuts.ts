import { useEffect } from "react";
import { commandByKey } from "../../commands/commandList";
import { useCommands } from "../commands";
import { useStudioStore } from "../useStudio";

/** Where keys already mean something: typing, choosing, pressing, and open dialogs. */
const TAKES_KEYS =
  "input, textarea, select, button, [role=slider], [role=dialog], [role=listbox], [contenteditable=true]";
/** The scrubber's thumb takes arrows itself, but Space means pause there too. */
const SCRUBBER = "[aria-label='Training step shown']";
/** Where keys with Ctrl are the browser's: text that is typed, and open dialogs. */
const TAKES_CTRL =
  "input:not([type=checkbox], [type=radio]), textarea, [role=dialog], [contenteditable=true]";
/** A live setting of the run under way: what it was moved to is the run's, and so is taking it back. */
const LIVE_SETTING = "[data-sent]";

/** Whether keys mean something of their own at an element. */
function takesKeys(target: Element | null, withCtrl: boolean): boolean {
  if (!target) return false;
  if (withCtrl) return target.closest(TAKES_CTRL) !== null && !target.closest(LIVE_SETTING);
  return !target.matches(SCRUBBER) && target.closest(TAKES_KEYS) !== null;
}

/** The keys of commands, on the whole page. */
export function useShortcuts(): void {
  const store = useStudioStore();
  const { give } = useCommands();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return;
      const target = event.target instanceof Element ? event.target : null;
      if (takesKeys(target, event.ctrlKey || event.metaKey)) return;
      const command = commandByKey(event);
      if (!command) return;
      const offer = (command.offeredByKey ?? command.offered)(store.getState());
      if (offer === "hidden") return;
      if (offer === "offered") give(command);
      event.preventDefault(); // also where it does nothing now: Space would scroll the page
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [store, give]);
}
