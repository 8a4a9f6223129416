import { randomPermutation } from "../../common/math/rng";
import { SHORT_ROWS } from "../../common/storage/caches";
import type { ImageRange } from "../../common/storage/db";
import { intersectRanges, rangesSize } from "./imageRanges";

/**
 * Images in a block of the filling order. Small blocks spread the images a run misses over the whole data set, and are
 * soon encoded. Stored timelines count in them: never changed.
 */
export const BLOCK_IMAGES = SHORT_ROWS;

/** Blocks of a data set; the last may be shorter. */
export const blockCount = (images: number): number => Math.ceil(images / BLOCK_IMAGES);

/**
 * Blocks in the order they are filled in, which is shuffled, because data sets are often sorted by class. Its seed is
 * fixed: a run that starts early sees the same images first whatever its own seed is, and records only how many blocks.
 */
export const blockOrder = (images: number): Uint32Array =>
  randomPermutation({ seed: 0, stream: "caches/blocks" }, blockCount(images));

/** Position of each block in the order of filling. */
export function blockRanks(images: number): (block: number) => number {
  const ranks = new Uint32Array(blockCount(images));
  blockOrder(images).forEach((block, rank) => (ranks[block] = rank));
  return (block) => ranks[block] ?? block;
}

/** The images of one block. */
const rangeOf = (block: number, images: number): ImageRange => [
  block * BLOCK_IMAGES,
  Math.min(images, (block + 1) * BLOCK_IMAGES),
];

/** Images of the first `blocks` blocks of the order, as ranges, ascending. */
export const blockRanges = (images: number, blocks: number): ImageRange[] =>
  Array.from(blockOrder(images).subarray(0, blocks))
    .sort((a, b) => a - b)
    .map((block) => rangeOf(block, images));

/** How many blocks, from the first of the order on, lie in `ranges` whole. */
export function blocksWithin(images: number, ranges: readonly ImageRange[]): number {
  const isWhole = (block: number) => {
    const range = rangeOf(block, images);
    return rangesSize(intersectRanges([range], ranges)) === rangesSize([range]);
  };
  const lacking = blockOrder(images).findIndex((block) => !isWhole(block));
  return lacking < 0 ? blockCount(images) : lacking;
}
