/**
 * Whether somebody has pressed anything since the page was loaded. Not `navigator.userActivation`, which scripts of a
 * debugger set as well.
 */
export function watchUse(target: Pick<EventTarget, "addEventListener">): () => boolean {
  let used = false;
  const mark = () => {
    used = true;
  };
  for (const type of ["pointerdown", "keydown"]) {
    target.addEventListener(type, mark, { capture: true, once: true });
  }
  return () => used;
}
