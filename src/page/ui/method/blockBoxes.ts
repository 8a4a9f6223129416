/** Where the stack of blocks is drawn, from top to bottom. */
const TOP = 38;
const BOTTOM = 160;

/** Place of each block of a transformer in the drawing, the first on top. */
export function blockBoxes(
  count: number,
): readonly { readonly y: number; readonly height: number }[] {
  const pitch = (BOTTOM - TOP) / Math.max(1, count);
  const gap = Math.min(3, 0.25 * pitch);
  return Array.from({ length: count }, (_, i) => ({ y: TOP + i * pitch, height: pitch - gap }));
}

/** The aligned block after a key on the stack, within 1 and `count`; null for keys that mean nothing there. */
export function depthAfterKey(key: string, depth: number, count: number): number | null {
  const wanted: Readonly<Record<string, number>> = {
    ...{ ArrowDown: depth + 1, ArrowRight: depth + 1, ArrowUp: depth - 1, ArrowLeft: depth - 1 },
    ...{ Home: 1, End: count },
  };
  const next = wanted[key];
  return next === undefined ? null : Math.min(Math.max(next, 1), count);
}
