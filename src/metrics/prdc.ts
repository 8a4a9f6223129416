import { squaredDistances } from "./kernels";
import { StudioError } from "../errors/studioError";
import { transpose, type Matrix } from "./matrix";

export interface Prdc {
  /** Share of generated images inside some real image's ball. */
  readonly precision: number;
  /** Share of real images inside some generated image's ball. */
  readonly recall: number;
  /** Real balls around a generated image, over k; may exceed 1. */
  readonly density: number;
  /** Share of real images with a generated one inside their ball. */
  readonly coverage: number;
}

/** Squared distance of every row to its k-th nearest other row. */
export function squaredRadii(features: Matrix, k: number): Float64Array {
  const { rows: n } = features;
  if (!Number.isInteger(k) || k < 1 || k > n - 1) {
    throw new StudioError(
      "OUT_OF_RANGE",
      `The distance to neighbour ${k} was asked among ${n} images.`,
      "Use more images or a smaller k.",
    );
  }
  const { values } = squaredDistances(features, features);
  return Float64Array.from({ length: n }, (_, i) => {
    const row = values.slice(i * n, (i + 1) * n);
    row[i] = -1; // the image itself is sorted to the front, then skipped
    return row.sort()[k] ?? 0;
  });
}

/** For every column j: how many rows i hold it in their ball. */
function ballsAround(distances: Matrix, radii: Float64Array, inclusive: boolean): Uint32Array {
  const { values, rows, cols } = distances;
  const counts = new Uint32Array(cols);
  for (let i = 0; i < rows; i++) {
    const radius = radii[i] ?? 0;
    for (let j = 0; j < cols; j++) {
      const distance = values[i * cols + j] ?? 0;
      if (distance < radius || (inclusive && distance === radius)) counts[j] = (counts[j] ?? 0) + 1;
    }
  }
  return counts;
}

const share = (counts: Uint32Array) => counts.filter((count) => count > 0).length / counts.length;

/**
 * Precision, recall, density and coverage from balls to the k-th nearest neighbour, features [N, D], [M, D].
 * A perfect model does not score 1: show the real-against-real values at the same N and k beside it.
 *
 * @param inclusive a distance equal to the radius counts (ADM's evaluator) or not (prdc, the default)
 * @throws StudioError SHAPE_MISMATCH when widths differ; OUT_OF_RANGE when k exceeds either set
 * @source Naeem et al. 2020, clovaai prdc.py; Kynkäänniemi et al. 2019
 */
export function prdc(real: Matrix, fake: Matrix, k: number, { inclusive = false } = {}): Prdc {
  const distances = squaredDistances(real, fake);
  const realRadii = squaredRadii(real, k);
  const aroundFake = ballsAround(distances, realRadii, inclusive);
  const aroundReal = ballsAround(transpose(distances), squaredRadii(fake, k), inclusive);
  let covered = 0;
  for (let i = 0; i < real.rows; i++) {
    const row = distances.values.subarray(i * fake.rows, (i + 1) * fake.rows);
    const nearest = row.reduce((least, distance) => Math.min(least, distance), Infinity);
    const radius = realRadii[i] ?? 0;
    if (nearest < radius || (inclusive && nearest === radius)) covered++;
  }
  const balls = aroundFake.reduce((sum, count) => sum + count, 0);
  return {
    precision: share(aroundFake),
    recall: share(aroundReal),
    density: balls / (k * fake.rows),
    coverage: covered / real.rows,
  };
}
