import { useEffect } from "react";
import { selectActive } from "../../store/selectors";
import { useStudioStore } from "../useStudio";

/**
 * Turns the browser's own undo off while a run is under way. Browsers keep one list of edits for the whole page: with the
 * focus anywhere, Ctrl+Z would put an older number into a live setting's box, and the run would train on with it. The page's
 * own undo of a live change (`commands/undoChange.ts`) goes back to before it instead.
 */
export function useNoUndo(): void {
  const store = useStudioStore();
  useEffect(() => {
    const onBeforeInput = (event: InputEvent) => {
      const undoes = event.inputType === "historyUndo" || event.inputType === "historyRedo";
      if (undoes && selectActive(store.getState())) event.preventDefault();
    };
    window.addEventListener("beforeinput", onBeforeInput, { capture: true });
    return () => window.removeEventListener("beforeinput", onBeforeInput, { capture: true });
  }, [store]);
}
