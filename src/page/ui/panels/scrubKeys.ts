/** What a key does to the scrubber: logged steps to move by, "first", or null for other keys. */
export function scrubKeyMove(key: string, shift: boolean): number | "first" | null {
  const by = shift ? 10 : 1;
  if (key === "ArrowRight") return by;
  if (key === "ArrowLeft") return -by;
  if (key === "PageUp") return 100;
  if (key === "PageDown") return -100;
  if (key === "Home") return "first";
  if (key === "End") return Infinity;
  return null;
}
