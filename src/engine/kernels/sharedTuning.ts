import type { SharedTuning } from "./device";
import { costOf, planWith, type Shape, type TileSpeed } from "./sharedPlan";
import { SHARED_TILES, sideOf, type SharedTile } from "./sharedTile";
import type { Sizes, TuningTime } from "./rankWithin";

/** Workgroups at the same time that a tile is timed and checked with, before the adapter's own number is known. */
const TRIAL_FILL = 64;

/** One tile for all products: how a tile is timed and checked. */
export const oneTile = (tile: SharedTile): SharedTuning => ({
  kind: "shared",
  fill: TRIAL_FILL,
  speeds: [{ tile, rate: 1 }],
});

/** All tiles as if they were equally fast: tests and checks, where sizes decide. */
export const ALL_TILES: SharedTuning = {
  kind: "shared",
  fill: TRIAL_FILL,
  speeds: [
    { tile: SHARED_TILES[0], rate: 1 },
    ...SHARED_TILES.slice(1).map((tile) => ({ tile, rate: 1 })),
  ],
};

/** The products of a linear map and its gradients. */
const shapesOf = ([rows, inputs, outputs]: Sizes): readonly Shape[] => [
  [rows, outputs, inputs],
  [rows, inputs, outputs],
  [outputs, inputs, rows],
];

/**
 * Speeds of tiles from the times of linear maps: what they are by the model that picks tiles (`sharedPlan`), so that the
 * model gives the measured times back.
 * @param fill workgroups that the adapter runs at the same time
 */
export const tileSpeeds = (times: readonly TuningTime[], fill: number): TileSpeed[] =>
  times.flatMap(({ tuning, ms, sizes }) => {
    if (tuning.kind !== "shared" || !(ms > 0 && ms < Infinity)) return [];
    const { tile } = tuning.speeds[0];
    const cost = shapesOf(sizes).map((shape) =>
      costOf(planWith(tile, shape, tuning.fill), shape, fill, 1),
    );
    return [{ tile, rate: cost.reduce((sum, one) => sum + one, 0) / ms }];
  });

const areaOf = (tile: SharedTile) => sideOf(tile, 0).length * sideOf(tile, 1).length;

/** The tiles worth choosing from: without those that another tile, no larger, is at least as fast as. */
export const shortList = (speeds: readonly TileSpeed[]): TileSpeed[] =>
  speeds.filter((one, i) =>
    speeds.every((other, j) => {
      const [size, otherSize] = [areaOf(one.tile), areaOf(other.tile)];
      const same = size === otherSize && one.rate === other.rate;
      return i === j || (same ? i < j : otherSize > size || other.rate < one.rate);
    }),
  );
