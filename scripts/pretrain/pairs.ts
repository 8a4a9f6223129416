import { randomPermutation, randomUniform } from "../../src/common/math/rng";
import type { PairedImages } from "./augment";
import type { InMemoryDataset } from "./inMemory";

/** Training images by concept, in ascending order of concepts. */
export function imagesByConcept(data: InMemoryDataset): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>();
  for (const image of data.trainIndices) {
    const group = data.groupOf(image);
    groups.set(group, [...(groups.get(group) ?? []), image]);
  }
  return [...groups.values()];
}

/** How a step's pairs are drawn. */
export interface PairDraw {
  /** Concepts a step. */
  readonly count: number;
  /** Share of the pairs that are the two drawing styles of a concept; the others are views of one drawing. */
  readonly crossStyle: number;
}

/** The concepts of a step: consecutive parts of each epoch's permutation. A function of (seed, step) alone. */
export function pairBatch(
  concepts: readonly (readonly number[])[],
  { count, crossStyle }: PairDraw,
  { seed, step }: { readonly seed: number; readonly step: number },
): PairedImages {
  const perEpoch = Math.floor(concepts.length / count);
  const epoch = Math.floor(step / perEpoch);
  const order = randomPermutation(
    { seed, stream: "pretrain/concepts", index: epoch },
    concepts.length,
  );
  const from = (step % perEpoch) * count;
  const chosen = Array.from(order.subarray(from, from + count), (at) => concepts[at] ?? []);
  const coins = randomUniform({ seed, stream: "pretrain/styles", index: step }, 2 * count);
  const first = chosen.map(([a = 0, b = a], i) => ((coins[2 * i] ?? 0) < 0.5 ? a : b));
  const second = chosen.map(([a = 0, b = a], i) => {
    const other = first[i] === a ? b : a;
    return (coins[2 * i + 1] ?? 0) < crossStyle ? other : (first[i] ?? a);
  });
  return { first, second };
}
