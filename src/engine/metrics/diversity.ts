import { distanceBlocks } from "./kernels";
import { symmetricEigenvalues } from "./linalg";
import { assertSameWidth, l2NormaliseRows, shapeMismatch, transpose, type Matrix } from "./matrix";
import { squaredRadii } from "./prdc";
import { innerProducts } from "./products";

/**
 * Vendi score of order q from the eigenvalues of a similarity matrix divided by its size: the effective number
 * of different images. q = 1 is the exponential of the entropy, q = Infinity one over the largest eigenvalue.
 */
export function vendiOfEigenvalues(eigenvalues: Float64Array, q: number): number {
  const positive = eigenvalues.filter((value) => value > 0);
  if (q === Infinity) return 1 / positive.reduce((best, value) => Math.max(best, value), 0);
  if (q === 1) return Math.exp(-positive.reduce((sum, value) => sum + value * Math.log(value), 0));
  return positive.reduce((sum, value) => sum + value ** q, 0) ** (1 / (1 - q));
}

/**
 * Eigenvalues of X Xᵀ / N, from the smaller of X Xᵀ and Xᵀ X, which share all that are not 0.
 *
 * @param features [N, D]
 */
export function gramEigenvalues(features: Matrix): Float64Array {
  const { rows, cols } = features;
  const short = rows <= cols ? features : transpose(features);
  return symmetricEigenvalues(innerProducts(short, short)).map((value) => value / rows);
}

/** Vendi score of features [N, D] under cosine similarity: between 1 and min(N, D). @source dgm-eval vendi.py */
export const vendi = (features: Matrix, q = 1): number =>
  vendiOfEigenvalues(gramEigenvalues(l2NormaliseRows(features)), q);

/**
 * Authentic share of generated images in percent: those whose nearest training image has another training
 * image nearer to it than the generated one. Low values suggest memorised images.
 *
 * @throws StudioError SHAPE_MISMATCH when widths differ; OUT_OF_RANGE below 2 training images
 * @source Alaa et al. 2022; dgm-eval authpct.py
 */
export function authPct(train: Matrix, generated: Matrix): number {
  assertSameWidth(train, generated);
  const radii = squaredRadii(train, 1);
  let authentic = 0;
  for (const { values, rowFrom, rowTo, width } of distanceBlocks(generated, train)) {
    for (let i = 0; i < rowTo - rowFrom; i++) {
      const row = values.subarray(i * width, (i + 1) * width);
      const nearest = row.reduce((best, value, j) => (value < (row[best] ?? 0) ? j : best), 0);
      if ((radii[nearest] ?? 0) < (row[nearest] ?? 0)) authentic++;
    }
  }
  return (100 * authentic) / generated.rows;
}

/**
 * Monge-inception distance: 3 D times the squared 2-Wasserstein distance of one-dimensional projections,
 * averaged over directions.
 *
 * @param directions unit rows [K, D]; both sets have equally many images
 * @throws StudioError SHAPE_MISMATCH when widths or counts differ
 * @source arXiv:2605.06797; torch-fidelity metric_mind.py
 */
export function mind(x: Matrix, y: Matrix, directions: Matrix): number {
  assertSameWidth(x, y);
  if (x.rows !== y.rows) {
    throw shapeMismatch(`${x.rows} images cannot be paired rank by rank with ${y.rows}.`);
  }
  const [along, other] = [innerProducts(directions, x), innerProducts(directions, y)];
  let sum = 0;
  for (let k = 0; k < directions.rows; k++) {
    const ranked = (m: Matrix) => m.values.subarray(k * m.cols, (k + 1) * m.cols).sort();
    const sorted = ranked(other);
    ranked(along).forEach((value, rank) => (sum += (value - (sorted[rank] ?? 0)) ** 2));
  }
  return (3 * x.cols * sum) / along.values.length;
}
