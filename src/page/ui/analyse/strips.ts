import type { SampleGrid } from "../../../common/protocol/trainer";

/** Columns of a strip: more steps than this are thinned to it, first and last kept. */
const MOST_STEPS = 8;

/** At most `most` of them, evenly, the first and the last among them. */
export function thinned<T>(items: readonly T[], most = MOST_STEPS): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, place) => {
    const index = Math.round((place * (items.length - 1)) / (most - 1));
    return items[index];
  }).filter((item) => item !== undefined);
}

/** Where tile `index` of a grid lies in its PNG, px. */
export function tileAt(
  { columns, tile }: SampleGrid,
  index: number,
): readonly [x: number, y: number] {
  return [(index % columns) * tile, Math.floor(index / columns) * tile];
}

/** Steps both have a grid at; of one alone, all of its. */
export function sharedSteps(
  first: readonly SampleGrid[],
  second: readonly SampleGrid[] | null,
): readonly number[] {
  const steps = first.map(({ step }) => step);
  if (second === null) return steps;
  const others = new Set(second.map(({ step }) => step));
  return steps.filter((step) => others.has(step));
}
