/** A column of numbers: a typed array or a plain one. */
export type Column = ArrayLike<number>;

/**
 * Min-max thinning: the indices to draw so that a line of `length` points looks the same with at most
 * `maxPoints`. Points are cut in buckets of equal count; each keeps its lowest and highest value, so no
 * spike is lost. A value that is not finite counts as the highest: a hole is news.
 * @param values column of at least `length` values
 * @param length points to consider, from the front
 * @param maxPoints at least 4; first and last points are always kept
 * @returns ascending indices without repeats; all of them when `length <= maxPoints`
 */
export function minMaxIndices(values: Column, length: number, maxPoints: number): number[] {
  if (length <= maxPoints) return Array.from({ length }, (_, index) => index);
  const inner = length - 2; // the ends are kept apart
  const buckets = Math.max(1, Math.floor((maxPoints - 2) / 2));
  const kept = [0];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = 1 + Math.floor((bucket * inner) / buckets);
    const to = 1 + Math.floor(((bucket + 1) * inner) / buckets);
    kept.push(...bucketExtremes(values, from, to));
  }
  kept.push(length - 1);
  return kept;
}

/** Indices of the lowest and highest value in [from, to), in order; one index when they coincide. */
function bucketExtremes(values: Column, from: number, to: number): number[] {
  if (from >= to) return [];
  let low = from;
  let high = from;
  for (let index = from + 1; index < to; index++) {
    if (rank(values[index]) < rank(values[low])) low = index;
    if (rank(values[index]) > rank(values[high])) high = index;
  }
  if (low === high) return [low];
  return low < high ? [low, high] : [high, low];
}

const rank = (value: number | undefined): number =>
  value !== undefined && Number.isFinite(value) ? value : Infinity;

/** `minMaxIndices` applied to rows, by one value of each. */
export function minMaxDecimate<Row>(
  rows: readonly Row[],
  value: (row: Row) => number,
  maxPoints: number,
): readonly Row[] {
  if (rows.length <= maxPoints) return rows;
  const values = Float64Array.from(rows, value);
  return minMaxIndices(values, rows.length, maxPoints).flatMap((index) => rows[index] ?? []);
}
