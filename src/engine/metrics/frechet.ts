import { StudioError } from "../../common/errors/studioError";
import { nuclearNormWork, triangularFactorWork } from "./linalg";
import { assertSameWidth, columnMeans, subtractRow, type Matrix } from "./matrix";
import { project, type PrincipalBasis } from "./pca";
import { crossProducts, innerProducts } from "./products";
import { finish, type Work } from "./work";

/** A Gaussian as its mean and a root of its covariance: rootᵀ root = covariance (ddof 1). */
export interface GaussianFit {
  readonly count: number;
  readonly mean: Float64Array;
  /** [min(N, D), D] */
  readonly root: Matrix;
  /** Trace of the covariance. */
  readonly trace: number;
}

export interface FrechetTerms {
  /** Squared distance in the features' unit; round-off can make it slightly negative for equal sets. */
  readonly distance: number;
  readonly meanTerm: number;
  readonly trace1: number;
  readonly trace2: number;
  /** tr((S1 S2)^(1/2)) */
  readonly traceSqrt: number;
}

const scaled = (matrix: Matrix, factor: number): Matrix => ({
  ...matrix,
  values: matrix.values.map((value) => value * factor),
});

/** Sample covariance of features [N, D], divided by N - 1: [D, D]. */
export function covariance(features: Matrix): Matrix {
  const centred = subtractRow(features, columnMeans(features));
  return scaled(finish(crossProducts(centred, centred)), 1 / (features.rows - 1));
}

/** @throws StudioError OUT_OF_RANGE below two rows, which have no covariance */
export function* fitGaussianWork(features: Matrix): Work<GaussianFit> {
  const count = features.rows;
  if (count < 2) {
    throw new StudioError(
      "OUT_OF_RANGE",
      `A covariance needs at least 2 images, got ${count}.`,
      "Evaluate with more samples.",
    );
  }
  const mean = columnMeans(features);
  const centred = scaled(subtractRow(features, mean), 1 / Math.sqrt(count - 1));
  const trace = centred.values.reduce((sum, value) => sum + value * value, 0);
  return { count, mean, root: yield* triangularFactorWork(centred), trace };
}

/** `fitGaussianWork` without a pause. */
export const fitGaussian = (features: Matrix): GaussianFit => finish(fitGaussianWork(features));

/**
 * Fréchet distance |μ1 - μ2|² + tr S1 + tr S2 - 2 tr((S1 S2)^(1/2)). The last trace is the nuclear norm of
 * root1 root2ᵀ: exact also for singular covariances, where the square roots of public code add an epsilon.
 *
 * @throws StudioError SHAPE_MISMATCH when the widths differ
 * @source Heusel et al. 2017; dgm-eval fd.py for the nuclear-norm identity
 */
export function* frechetBetweenWork(first: GaussianFit, second: GaussianFit): Work<FrechetTerms> {
  assertSameWidth(first.root, second.root);
  const meanTerm = first.mean.reduce(
    (sum, mean, i) => sum + (mean - (second.mean[i] ?? 0)) ** 2,
    0,
  );
  const traceSqrt = yield* nuclearNormWork(innerProducts(first.root, second.root));
  const distance = meanTerm + first.trace + second.trace - 2 * traceSqrt;
  return { distance, meanTerm, trace1: first.trace, trace2: second.trace, traceSqrt };
}

/** `frechetBetweenWork` without a pause. */
export const frechetBetween = (first: GaussianFit, second: GaussianFit): FrechetTerms =>
  finish(frechetBetweenWork(first, second));

/** Fréchet distance of two feature sets [N, D] and [M, D]. Biased upwards: only values at one N compare. */
export const frechetDistance = (first: Matrix, second: Matrix): number =>
  frechetBetween(fitGaussian(first), fitGaussian(second)).distance;

/**
 * Fréchet distance after projecting both sets on a basis fitted once on a fixed, large real set. With 32
 * components it ranks models from about 256 samples, where the plain distance is mostly bias.
 */
export const frechetTopComponents = (
  first: Matrix,
  second: Matrix,
  basis: PrincipalBasis,
): number => frechetDistance(project(first, basis), project(second, basis));
