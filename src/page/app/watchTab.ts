import type { StudioStore } from "../store/studioStore";
import { pageTitle, underWay } from "../store/underWay";

/** The browser asks before the tab is closed or left; what it asks is its own text. */
const ask = (event: BeforeUnloadEvent) => event.preventDefault();

/**
 * Keeps the tab's title up to date, and has the browser ask before something under way is cut short. It listens only while
 * there is something: a page that listens always is not kept for the back button.
 * @returns stops both
 */
export function watchTab(store: StudioStore): () => void {
  let asks = false;
  const update = () => {
    const state = store.getState();
    const title = pageTitle(state, document.hidden);
    if (document.title !== title) document.title = title;
    const wanted = underWay(state).length > 0;
    if (wanted === asks) return;
    asks = wanted;
    if (wanted) window.addEventListener("beforeunload", ask);
    else window.removeEventListener("beforeunload", ask);
  };
  update();
  const unsubscribe = store.subscribe(update);
  document.addEventListener("visibilitychange", update);
  return () => {
    unsubscribe();
    document.removeEventListener("visibilitychange", update);
    window.removeEventListener("beforeunload", ask);
  };
}
