import {
  assertEnoughForUnbiased,
  denseEntries,
  hsicBiased,
  hsicUnbiased,
  normalisedHsic,
} from "./hsic";
import { assertSameKernelSize } from "./kernels";
import { columnMeans, subtractRow, type Matrix } from "./matrix";
import { crossProducts, rowSquares } from "./products";
import { piece, type Work } from "./work";

/**
 * Centred kernel alignment of two kernels [N, N] over the same images (linear or RBF, see kernels.ts).
 *
 * @param unbiased the unbiased HSIC (default; can be negative), or the biased one
 * @returns 1 for equal kernels (less the reference's 1e-6), about 0 for unrelated ones when unbiased
 * @throws StudioError SHAPE_MISMATCH; OUT_OF_RANGE when unbiased below 4 images
 * @source Kornblith et al. 2019; platonic-rep metrics.py, cka
 */
export function cka(k: Matrix, l: Matrix, { unbiased = true } = {}): number {
  assertSameKernelSize(k, l);
  const hsic = unbiased ? hsicUnbiased : hsicBiased;
  const [entriesK, entriesL] = [denseEntries(k), denseEntries(l)];
  return normalisedHsic(
    hsic(entriesK, entriesL),
    hsic(entriesK, entriesK),
    hsic(entriesL, entriesL),
  );
}

/** Features less their mean, with what the linear HSIC needs of each image. */
interface CentredFeatures {
  readonly features: Matrix;
  readonly squares: Float64Array;
  readonly total: number;
}

function centreFeatures(matrix: Matrix): CentredFeatures {
  const features = subtractRow(matrix, columnMeans(matrix));
  const squares = rowSquares(features);
  return { features, squares, total: squares.reduce((sum, square) => sum + square, 0) };
}

/**
 * HSIC of linear kernels from features: |XᵀY|² where a kernel would need N² products. Both forms do not change
 * when features are centred, and then the off-diagonal sum of row i is -|x_i|², which leaves these terms.
 */
function* linearHsic(x: CentredFeatures, y: CentredFeatures, unbiased: boolean): Work<number> {
  const { values } = yield* crossProducts(x.features, y.features);
  const all = values.reduce((sum, value) => sum + value * value, 0);
  if (!unbiased) return all;
  const n = x.squares.length;
  assertEnoughForUnbiased(n);
  const product = x.squares.reduce((sum, square, i) => sum + square * (y.squares[i] ?? 0), 0);
  const level = (x.total * y.total) / ((n - 1) * (n - 2));
  return (all - product + level - (2 * product) / (n - 2)) / (n * (n - 3));
}

/**
 * `cka` of two linear kernels from their features [N, D] and [N, Z]: O(N D Z) work, no kernel is held.
 *
 * @throws StudioError SHAPE_MISMATCH when the image counts differ; OUT_OF_RANGE when unbiased below 4 images
 */
export function* linearCkaWork(x: Matrix, y: Matrix, { unbiased = true } = {}): Work<number> {
  const [centredX, centredY] = [centreFeatures(x), centreFeatures(y)];
  const kl = yield* piece(linearHsic(centredX, centredY, unbiased), 0, 3);
  const kk = yield* piece(linearHsic(centredX, centredX, unbiased), 1, 3);
  return normalisedHsic(kl, kk, yield* piece(linearHsic(centredY, centredY, unbiased), 2, 3));
}
