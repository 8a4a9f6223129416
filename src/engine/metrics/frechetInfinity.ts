import { fitGaussian, frechetBetweenWork, type GaussianFit } from "./frechet";
import { takeRows, type Matrix } from "./matrix";
import { eachOf, type Work } from "./work";

export interface FrechetInfinity {
  readonly sizes: readonly number[];
  /** Fréchet distance of each subset to the reference. */
  readonly distances: readonly number[];
  readonly slope: number;
  /** The line's value at 1 / size = 0. */
  readonly intercept: number;
}

const POINTS = 15;
const LARGEST_START = 5000;

/** Subset sizes of dgm-eval: 15 equal steps from a tenth of the images (at most 5,000) to all of them. */
export function infinitySizes(count: number): number[] {
  const first = Math.min(LARGEST_START, Math.max(Math.floor(count / 10), 2));
  return Array.from({ length: POINTS }, (_, i) =>
    Math.trunc(first + (i * (count - first)) / (POINTS - 1)),
  );
}

/**
 * Fréchet distance extrapolated to endless generated images: a line in 1 / size through subsets. The 1 / N law
 * holds for sizes above D only, and the reference's own bias stays: at a few hundred images the intercept means
 * nothing.
 *
 * @param subsets rows of `generated`, one list a point
 * @throws StudioError SHAPE_MISMATCH when widths differ; OUT_OF_RANGE for a subset below 2 rows
 * @source Chong and Forsyth 2020; dgm-eval fd.py
 */
export function* frechetInfinityWork(
  generated: Matrix,
  reference: GaussianFit,
  subsets: readonly ArrayLike<number>[],
): Work<FrechetInfinity> {
  const distances = yield* eachOf(subsets, function* (rows) {
    const fit = fitGaussian(takeRows(generated, rows));
    return (yield* frechetBetweenWork(fit, reference)).distance;
  });
  const sizes = subsets.map(({ length }) => length);
  return {
    sizes,
    distances,
    ...line(
      sizes.map((size) => 1 / size),
      distances,
    ),
  };
}

/** Least squares through (x, y). */
function line(x: readonly number[], y: readonly number[]) {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const spread = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  const joint = x.reduce((sum, value, i) => sum + (value - meanX) * ((y[i] ?? 0) - meanY), 0);
  const slope = joint / spread;
  return { slope, intercept: meanY - slope * meanX };
}
