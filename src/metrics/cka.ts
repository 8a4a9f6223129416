import { hsicBiased, hsicUnbiased, normalisedHsic } from "./hsic";
import type { Matrix } from "./matrix";

/**
 * Centred kernel alignment of two kernels [N, N] over the same images (linear or RBF, see kernels.ts).
 *
 * @param unbiased the unbiased HSIC (default; can be negative), or the biased one
 * @returns 1 for equal kernels (less the reference's 1e-6), about 0 for unrelated ones when unbiased
 * @throws StudioError SHAPE_MISMATCH; OUT_OF_RANGE when unbiased below 4 images
 * @source Kornblith et al. 2019; platonic-rep metrics.py, cka
 */
export function cka(k: Matrix, l: Matrix, { unbiased = true } = {}): number {
  const hsic = unbiased ? hsicUnbiased : hsicBiased;
  return normalisedHsic(hsic(k, l), hsic(k, k), hsic(l, l));
}
