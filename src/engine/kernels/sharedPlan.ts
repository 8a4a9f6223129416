import { sideOf, type SharedTile } from "./sharedTile";

/** How one product is computed: a tile, and into how many parts K is cut. */
export interface SharedPlan {
  readonly tile: SharedTile;
  readonly parts: number;
  /** Steps of K in a part, a multiple of the tile's depth; the last part may be shorter. */
  readonly partLength: number;
}

/** What was measured of a tile on an adapter. */
export interface TileSpeed {
  readonly tile: SharedTile;
  /** Multiplications and additions a second with every core busy, relative to the other tiles. */
  readonly rate: number;
}

/** Below this a part spends more on starting, and on adding the parts, than it saves. */
const LEAST_PART = 128;

const groupsOf = (tile: SharedTile, m: number, n: number): number =>
  Math.ceil(m / sideOf(tile, 0).length) * Math.ceil(n / sideOf(tile, 1).length);

/** The product with this tile, in as many parts of K as the adapter has room for. */
export function planWith(tile: SharedTile, [m, n, k]: Shape, fill: number): SharedPlan {
  const room = Math.floor(fill / groupsOf(tile, m, n));
  const most = Math.max(1, Math.floor(k / LEAST_PART));
  const wanted = Math.max(1, Math.min(room, most));
  const partLength = Math.ceil(k / wanted / tile.depth) * tile.depth;
  return { tile, parts: Math.ceil(k / partLength), partLength };
}

export type Shape = readonly [m: number, n: number, k: number];

/**
 * Relative time of a plan: rounds of workgroups that run together, times the work of one. Splitting also writes and
 * reads the parts, which costs as much as a few steps of K each.
 */
export function costOf(
  { tile, parts, partLength }: SharedPlan,
  [m, n]: Shape,
  fill: number,
  rate: number,
) {
  const [rows, columns] = [sideOf(tile, 0).length, sideOf(tile, 1).length];
  const groups = groupsOf(tile, m, n) * parts;
  const steps = partLength + (parts > 1 ? SPLIT_STEPS : 0);
  return (Math.ceil(groups / fill) * rows * columns * steps) / rate;
}

/** Steps of K that writing and adding up one part costs. */
const SPLIT_STEPS = 32;

/**
 * The tile and the split that should be quickest for a product [M, K] x [K, N]: large tiles reuse more of what they
 * read, small ones and parts keep more cores busy.
 * @param fill workgroups that the adapter runs at the same time
 * @param speeds at least one
 */
export function sharedPlan(
  shape: Shape,
  fill: number,
  speeds: readonly [TileSpeed, ...TileSpeed[]],
): SharedPlan {
  const [first, ...others] = speeds.map(({ tile, rate }) => {
    const plan = planWith(tile, shape, fill);
    return { plan, cost: costOf(plan, shape, fill, rate) };
  }) as [Costed, ...Costed[]];
  return others.reduce((best, next) => (next.cost < best.cost ? next : best), first).plan;
}

interface Costed {
  readonly plan: SharedPlan;
  readonly cost: number;
}
