/**
 * What every data set offers. Images are numbered 0..size-1 in the data set's own order, the same for
 * every seed, so a cache row is an image's number; the two index arrays say which side each image is on.
 */
export interface ImageDataset {
  readonly id: string;
  /** SHA-256, hex, of everything that decides the images and their order: part of every cache key. */
  readonly hash: string;
  /** Images in all: `trainIndices` and `heldOutIndices` partition 0..size-1. */
  readonly size: number;
  /** Side of the square images, in px. */
  readonly resolution: number;
  readonly classNames: readonly string[];
  /** Class of image `index`: a position in `classNames`. */
  readonly labelOf: (index: number) => number;
  /** Images of one group show one thing (two drawings of a concept) and are never split by the hold-out. */
  readonly groupOf: (index: number) => number;
  /** Which rendering of its group image `index` is, where a data set has several. */
  readonly styleOf?: (index: number) => number;
  /** Both ascending. */
  readonly trainIndices: Uint32Array;
  readonly heldOutIndices: Uint32Array;
  /**
   * @returns uint8 RGB [indices.length, resolution, resolution, 3]
   * @throws StudioError OUT_OF_RANGE when an index is not an image's number
   */
  readonly readRgb: (indices: ArrayLike<number>) => Promise<Uint8Array>;
}
