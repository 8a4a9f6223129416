import {
  shardRanges,
  sizedSpec,
  storedShards,
  type CacheSpec,
  type ShardRange,
} from "../../common/storage/caches";
import type { Database, ImageRange } from "../../common/storage/db";

/** Rows of `total` whose shards are all stored, as ranges, ascending and not touching. */
function storedRanges(spec: CacheSpec, stored: ReadonlySet<number>, total: number): ImageRange[] {
  const ranges: [number, number][] = [];
  for (const { shard, first, last } of shardRanges(spec, total)) {
    if (!stored.has(shard)) continue;
    const before = ranges.at(-1);
    if (before?.[1] === first) before[1] = last;
    else ranges.push([first, last]);
  }
  return ranges;
}

/** The intersection of two lists of ranges. */
export function intersectRanges(a: readonly ImageRange[], b: readonly ImageRange[]): ImageRange[] {
  const common: ImageRange[] = [];
  let [i, j] = [0, 0];
  for (let x = a[i], y = b[j]; x && y; x = a[i], y = b[j]) {
    const [first, last] = [Math.max(x[0], y[0]), Math.min(x[1], y[1])];
    if (first < last) common.push([first, last]);
    if (x[1] < y[1]) i++;
    else j++;
  }
  return common;
}

/** Images whose rows are stored in every one of the caches. */
export async function cachedImages(
  db: Database,
  specs: readonly CacheSpec[],
  total: number,
): Promise<ImageRange[]> {
  let common: ImageRange[] = [[0, total]];
  for (const unsized of specs) {
    const spec = await sizedSpec(db, unsized);
    common = intersectRanges(common, storedRanges(spec, await storedShards(db, spec), total));
  }
  return common;
}

/** The values that lie in one of the ranges, in their order. */
export const within = (values: Uint32Array, ranges: readonly ImageRange[]): Uint32Array =>
  values.filter((value) => ranges.some(([first, last]) => value >= first && value < last));

export const rangesSize = (ranges: readonly ImageRange[]): number =>
  ranges.reduce((sum, [first, last]) => sum + last - first, 0);

/** A shard of one of several caches. */
export interface ShardJob {
  /** Position of its cache in the list. */
  readonly cache: number;
  readonly shard: number;
  readonly first: number;
  readonly last: number;
}

/**
 * The order in which shards of several caches are filled: block after block of images, all caches of a block together,
 * so that a run may start early. A shard of several blocks is filled with the first of them.
 * @param rank position of each block in the order of filling
 * @param blockImages images in a block
 */
export function fillingOrder(
  specs: readonly CacheSpec[],
  total: number,
  rank: (block: number) => number,
  blockImages: number,
): ShardJob[] {
  const rankOf = ({ first, last }: ShardRange) => {
    const begin = Math.floor(first / blockImages);
    const blocks = Math.ceil(last / blockImages) - begin;
    return Math.min(...Array.from({ length: blocks }, (_, i) => rank(begin + i)));
  };
  return specs
    .flatMap((spec, cache) =>
      shardRanges(spec, total).map((range) => ({ job: { cache, ...range }, rank: rankOf(range) })),
    )
    .sort((a, b) => a.rank - b.rank || a.job.first - b.job.first || a.job.cache - b.job.cache)
    .map(({ job }) => job);
}
