import { toMatrix, type Matrix } from "./matrix";

/** What ADM's evaluator keeps of Inception's mixed_6/conv. */
const SPATIAL_CHANNELS = 7;

/**
 * Features of a sFID: the first channels at every position, flattened. Their Fréchet distance sees where
 * things are, which an average over positions does not.
 *
 * @param map features [count, positions, channels], channels last
 * @returns [count, positions × min(kept, channels)]
 * @throws StudioError SHAPE_MISMATCH when the length is not count × positions × channels
 * @source Nash et al. 2021; guided-diffusion evaluator.py (first 7 channels)
 */
export function spatialFeatures(
  map: ArrayLike<number>,
  shape: { readonly count: number; readonly positions: number; readonly channels: number },
  kept = SPATIAL_CHANNELS,
): Matrix {
  const { count, positions, channels } = shape;
  const all = toMatrix(map, count, positions * channels);
  const values = all.values.filter((_, at) => at % channels < kept);
  return { values, rows: count, cols: values.length / count };
}
