import { heldNames } from "../../../common/storage/locks";
import { underWay } from "../../store/underWay";
import type { StudioStore } from "../../store/studioStore";

/**
 * Held (shared) by every tab in which something is under way, so that no tab takes a new version of the site from under
 * another one. The browser gives it back when the tab is gone.
 */
const NAME = "repa-studio/under-way";

/** Holds the lock while something is under way. @returns what ends it */
export function watchBusy(store: StudioStore, locks: LockManager): () => void {
  let release: (() => void) | undefined;
  const update = () => {
    const busy = underWay(store.getState()).length > 0;
    if (busy && !release) {
      const held = new Promise<void>((resolve) => (release = resolve));
      // where site data is blocked there are no locks, and no service worker either
      locks.request(NAME, { mode: "shared" }, () => held).catch(() => undefined);
    }
    if (!busy) {
      release?.();
      release = undefined;
    }
  };
  update();
  const stop = store.subscribe(update);
  return () => {
    stop();
    release?.();
  };
}

/** Whether something is under way in any tab, but for what this one has ended. */
export const isAnyTabBusy = async (): Promise<boolean> => (await heldNames(NAME)).length > 0;
