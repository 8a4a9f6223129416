import type { StudioState, StudioStore } from "../store/studioStore";

/** Events that come together are one reading; a reading takes some ms. */
const SETTLE_MS = 500;

/** What the storage meter and its lists follow from, besides what the user does to them. */
const changesOf = ({ run, data }: StudioState) => ({
  checkpoint: run.checkpoint,
  filling: data.progress !== null,
});

/** Reads anew what is stored after a checkpoint was stored or caches were filled. @returns what ends it */
export function watchStorage(
  store: StudioStore,
  refresh: () => void,
  settleMs = SETTLE_MS,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = store.subscribe((state, before) => {
    const [now, then] = [changesOf(state), changesOf(before)];
    const filled = then.filling && !now.filling;
    if (now.checkpoint === then.checkpoint && !filled) return;
    clearTimeout(timer);
    timer = setTimeout(refresh, settleMs);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
