import { StudioError } from "../../common/errors/studioError";
import { symmetricEigenWork } from "./linalg";
import { columnMeans, subtractRow, zeros, type Matrix } from "./matrix";
import { crossProducts, innerProducts } from "./products";
import { finish, piece, type Work } from "./work";

/** Directions of largest variance around `mean`. */
export interface PrincipalBasis {
  readonly mean: Float64Array;
  /** Orthonormal rows [P, D], largest variance first. */
  readonly components: Matrix;
  /** Variance along each component, ddof 1. */
  readonly variances: Float64Array;
  /** Variance of the features along all directions. */
  readonly totalVariance: number;
}

/** Signs are arbitrary in an eigenvector: make the loading of largest magnitude positive. */
function fixSigns(components: Matrix) {
  const { values, rows, cols } = components;
  for (let i = 0; i < rows; i++) {
    const row = values.subarray(i * cols, (i + 1) * cols);
    const largest = row.reduce(
      (best, value) => (Math.abs(value) > Math.abs(best) ? value : best),
      0,
    );
    if (largest < 0) row.forEach((value, j) => (row[j] = -value));
  }
}

/**
 * The top `count` principal components of features [N, D].
 *
 * @throws StudioError OUT_OF_RANGE when count exceeds D or N - 1 (there are no more directions)
 * @source scikit-learn 1.5 PCA, whose sign rule this follows
 */
export function* principalComponentsWork(features: Matrix, count: number): Work<PrincipalBasis> {
  const { rows, cols } = features;
  if (count < 1 || count > Math.min(cols, rows - 1)) {
    throw new StudioError(
      "OUT_OF_RANGE",
      `${count} principal components asked of [${rows}, ${cols}] features.`,
      "Ask for fewer components or give more images.",
    );
  }
  const mean = columnMeans(features);
  const centred = subtractRow(features, mean);
  const products = yield* piece(crossProducts(centred, centred), 0, 2);
  const { values, vectors } = yield* piece(symmetricEigenWork(products), 1, 2);
  const components = zeros(count, cols);
  components.values.set(vectors.values.subarray(0, count * cols));
  fixSigns(components);
  const variances = values.slice(0, count).map((value) => Math.max(value, 0) / (rows - 1));
  const totalVariance = values.reduce((sum, value) => sum + value, 0) / (rows - 1);
  return { mean, components, variances, totalVariance };
}

/** `principalComponentsWork` without a pause. */
export const principalComponents = (features: Matrix, count: number): PrincipalBasis =>
  finish(principalComponentsWork(features, count));

/** Coordinates in the basis: [N, D] -> [N, P]. @throws StudioError SHAPE_MISMATCH when D differs */
export const project = (features: Matrix, { mean, components }: PrincipalBasis): Matrix =>
  innerProducts(subtractRow(features, mean), components);
