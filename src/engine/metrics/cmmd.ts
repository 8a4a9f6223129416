import type { Matrix } from "./matrix";
import { mmdSquared, pairSumsWork } from "./mmd";
import { finish, piece, type Work } from "./work";

const SIGMA = 10;
const SCALE = 1000;

/**
 * CLIP maximum mean discrepancy x 1000 of l2-normalised embeddings, RBF kernel with σ = 10.
 *
 * @param estimator `biased` is what the released code computes although its paper says otherwise: it adds
 * about 10 (1 - mean cosine)(1/N + 1/M), the size of real differences at a few hundred samples
 * @throws StudioError SHAPE_MISMATCH when widths differ; OUT_OF_RANGE below 2 images a side
 * @source Jayasumana et al. 2024; google-research cmmd/distance.py
 */
export function* cmmdWork(
  x: Matrix,
  y: Matrix,
  estimator: "unbiased" | "biased" = "unbiased",
): Work<number> {
  // kernels lie in [0.98, 1]: summing k - 1 keeps the digits, and the ones cancel in the estimate
  const sums = (a: Matrix, b: Matrix) =>
    pairSumsWork(a, b, (dot, squareA, squareB) =>
      Math.expm1(-Math.max(0, squareA + squareB - 2 * dot) / (2 * SIGMA * SIGMA)),
    );
  const xx = yield* piece(sums(x, x), 0, 3);
  const yy = yield* piece(sums(y, y), 1, 3);
  return SCALE * mmdSquared(xx, yy, yield* piece(sums(x, y), 2, 3), estimator);
}

/** `cmmdWork` without a pause. */
export const cmmd = (x: Matrix, y: Matrix, estimator?: "unbiased" | "biased"): number =>
  finish(cmmdWork(x, y, estimator));
