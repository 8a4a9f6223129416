import { expect, test } from "vitest";
import { BLOCK_IMAGES, blockCount, blockOrder, blockRanges, blocksWithin } from "./fillingBlocks";
import { fillingOrder, rangesSize } from "./imageRanges";

const IMAGES = 10 * BLOCK_IMAGES - 7;
const ORDER = [8, 3, 1, 6, 9, 2, 5, 7, 0, 4];

test("the order of filling is the same in every version: stored timelines count in it", () => {
  expect(BLOCK_IMAGES).toBe(64);
  expect([...blockOrder(IMAGES)]).toEqual(ORDER);
  expect(blockCount(IMAGES)).toBe(10);
});

test("so many blocks are so many images, and all of them all", () => {
  expect(rangesSize(blockRanges(IMAGES, 10))).toBe(IMAGES);
  const first = ORDER[0] ?? 0;
  expect(blockRanges(IMAGES, 1)).toEqual([[first * BLOCK_IMAGES, (first + 1) * BLOCK_IMAGES]]);
  const two = blockRanges(IMAGES, 2);
  expect(two[0]?.[0]).toBeLessThan(two[1]?.[0] ?? 0);
});

test("blocks count from the first of the order on, and only where they are whole", () => {
  const three = blockRanges(IMAGES, 3);
  expect(blocksWithin(IMAGES, three)).toBe(3);
  expect(blocksWithin(IMAGES, [[0, IMAGES]])).toBe(10);
  const [first] = blockRanges(IMAGES, 1);
  expect(blocksWithin(IMAGES, first ? [[first[0] + 1, first[1]]] : [])).toBe(0);
  expect(blocksWithin(IMAGES, blockRanges(IMAGES, 3).slice(1))).toBeLessThan(3);
});

test("a shard of several blocks is filled with the first of them, all caches of a block together", () => {
  const long = { cacheKey: "long", label: "", rowLength: 1, shardRows: 4 * BLOCK_IMAGES };
  const short = { cacheKey: "short", label: "", rowLength: 1, shardRows: BLOCK_IMAGES };
  const ranks = ORDER.map((_, block) => ORDER.indexOf(block));
  const jobs = fillingOrder([long, short], IMAGES, (block) => ranks[block] ?? 0, BLOCK_IMAGES);
  expect(jobs).toHaveLength(3 + 10);
  const begun = new Set(jobs.slice(0, 2).map(({ cache }) => cache));
  expect(begun).toEqual(new Set([0, 1]));
  const first = ORDER[0] ?? 0;
  for (const { first: from, last } of jobs.slice(0, 2)) {
    expect(from).toBeLessThanOrEqual(first * BLOCK_IMAGES);
    expect(last).toBeGreaterThan(first * BLOCK_IMAGES);
  }
});
