import { count } from "./productFrame";

/**
 * How a product through workgroup memory is cut up: a workgroup makes a rectangle of results from a strip of each
 * operand. Every number of the kernel follows from this.
 */
export interface SharedTile {
  /** Threads of a workgroup along M and along N. */
  readonly threads: readonly [m: number, n: number];
  /** Results of a thread along M and along N, multiples of 4. */
  readonly results: readonly [m: number, n: number];
  /** Steps of K that are in workgroup memory at once, a multiple of 4. */
  readonly depth: number;
}

/** Vec4s between two steps of K in workgroup memory, beyond those of a step: threads write other banks at each step. */
const PADDING = 1;

/** The sizes of one operand's side of a tile. A quad is four neighbours along M (of a) or N (of b). */
export interface Side {
  /** Results of the workgroup along this side. */
  readonly length: number;
  readonly quads: number;
  readonly threads: number;
  /** Numbers 0, 1, ... of the quads of one thread, which lie `threads` quads apart. */
  readonly own: readonly number[];
  /** Vec4s between two steps of K in workgroup memory. */
  readonly stride: number;
}

export function sideOf(tile: SharedTile, axis: 0 | 1): Side {
  const threads = tile.threads[axis];
  const length = threads * tile.results[axis];
  const quads = length / 4;
  return {
    length,
    quads,
    threads,
    own: count(tile.results[axis] / 4),
    stride: quads + PADDING,
  };
}

export const groupThreads = ({ threads: [m, n] }: SharedTile): number => m * n;

/** Bytes of workgroup memory that a tile takes. */
export const tileBytes = (tile: SharedTile, f16: boolean): number =>
  (sideOf(tile, 0).stride + sideOf(tile, 1).stride) * tile.depth * (f16 ? 8 : 16);

/** A tile in words: "64x64 by 4x4, 16 deep". */
export const sharedTileName = (tile: SharedTile): string =>
  `${sideOf(tile, 0).length}x${sideOf(tile, 1).length} by ${tile.results.join("x")}, ${tile.depth} deep`;

/**
 * The tile of products whose axes do not divide by four, which are read number by number: no model has any that matters,
 * and with more results a thread their programs take minutes to compile on a software adapter.
 */
export const NARROW_TILE: SharedTile = { threads: [16, 16], results: [4, 4], depth: 16 };

/** What may suit a real GPU: from many small workgroups to few that reuse much. */
export const SHARED_TILES: readonly [SharedTile, ...SharedTile[]] = [
  NARROW_TILE,
  { threads: [8, 8], results: [4, 4], depth: 16 },
  { threads: [8, 8], results: [8, 8], depth: 16 },
  { threads: [16, 8], results: [4, 8], depth: 16 },
  { threads: [16, 16], results: [8, 4], depth: 16 },
  { threads: [16, 16], results: [8, 8], depth: 8 },
];
