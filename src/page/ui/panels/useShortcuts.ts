import { useEffect } from "react";
import { commandByKey } from "../../commands/commandList";
import { useCommands } from "../commands";
import { useStudioStore } from "../useStudio";

/** Where keys already mean something: typing, choosing, pressing, and open dialogs. */
const TAKES_KEYS =
  "input, textarea, select, button, [role=slider], [role=dialog], [role=listbox], [contenteditable=true]";
/** The scrubber's thumb takes arrows itself, but Space means pause there too. */
const SCRUBBER = "[aria-label='Training step shown']";

/** The keys of commands, on the whole page. */
export function useShortcuts(): void {
  const store = useStudioStore();
  const { give } = useCommands();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target instanceof Element ? event.target : null;
      const onScrubber = target?.matches(SCRUBBER) ?? false;
      if (!onScrubber && target?.closest(TAKES_KEYS)) return;
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
