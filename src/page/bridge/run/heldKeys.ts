/** Keys that move a slider or a number. */
const MOVING: ReadonlySet<string> = new Set([
  ...["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"],
  ...["PageUp", "PageDown", "Home", "End"],
]);

/** A key that is down repeats itself sooner than this; one that does not was let go unseen, for example in another window. */
const REPEATS_MS = 1000;

/** Watches whether a key that moves a setting is down. */
export function watchHeldKeys(target: EventTarget): {
  readonly isHeld: () => boolean;
  readonly dispose: () => void;
} {
  let lastDownMs: number | null = null;
  const onDown = (event: Event) => {
    if (event instanceof KeyboardEvent && MOVING.has(event.key)) lastDownMs = event.timeStamp;
  };
  const onUp = () => (lastDownMs = null);
  target.addEventListener("keydown", onDown, { capture: true });
  target.addEventListener("keyup", onUp, { capture: true });
  target.addEventListener("blur", onUp);
  return {
    isHeld: () => lastDownMs !== null && performance.now() - lastDownMs < REPEATS_MS,
    dispose: () => {
      target.removeEventListener("keydown", onDown, { capture: true });
      target.removeEventListener("keyup", onUp, { capture: true });
      target.removeEventListener("blur", onUp);
    },
  };
}
