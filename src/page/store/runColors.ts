import type { StoredRun } from "./dataSlice";

/** Colours that are told apart, also by most who see few; a run beyond them is dashed. */
export const RUN_COLORS = 8;

/** The colour of a place in the palette. */
export const runColor = (place: number): string => `var(--run-${1 + (place % RUN_COLORS)})`;
export const isDashed = (place: number): boolean => place % (2 * RUN_COLORS) >= RUN_COLORS;

/** The first place in the palette that no run shown has; of those alike the one that was given to the fewest runs. */
export function freeColor(runs: readonly Pick<StoredRun, "look">[]): number {
  const places = Array.from({ length: 2 * RUN_COLORS }, (_, place) => place);
  const uses = (place: number, among: readonly Pick<StoredRun, "look">[]) =>
    among.filter(({ look }) => look.color % (2 * RUN_COLORS) === place).length;
  const shown = runs.filter(({ look }) => look.shown);
  const fewest = Math.min(...places.map((place) => uses(place, shown)));
  const candidates = places.filter((place) => uses(place, shown) === fewest);
  const first = candidates.slice(0, RUN_COLORS);
  const least = Math.min(...first.map((place) => uses(place, runs)));
  return first.find((place) => uses(place, runs) === least) ?? 0;
}
