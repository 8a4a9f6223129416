/** How many of `count` things are held out: at least one, and never all. */
export const heldOutGroups = (count: number, fraction: number): number =>
  Math.min(count - 1, Math.max(1, Math.round(count * fraction)));
