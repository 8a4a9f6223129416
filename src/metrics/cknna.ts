import { hsicBiased, hsicUnbiased, normalisedHsic } from "./hsic";
import { assertSameKernelSize, masked, topKMask } from "./kernels";
import type { Matrix } from "./matrix";

/**
 * - `unbiased`: the form public code computes and the papers' figures use; the diagonal is no neighbour
 * - `biased`: the diagonal competes, so with small k unrelated features score 0.6 to 0.9
 * - `paperEquations`: REPA's eq. 23-24 read literally (centre the full kernel by row means, then mask);
 *   differs from the code by up to 0.15
 */
export type CknnaVariant = "unbiased" | "biased" | "paperEquations";

export interface CknnaOptions {
  readonly k?: number;
  readonly variant?: CknnaVariant;
}

/** The terms behind one CKNNA value. */
export interface CknnaTerms {
  readonly cknna: number;
  readonly kl: number;
  readonly kk: number;
  readonly ll: number;
  /** Pairs that are neighbours on both sides. */
  readonly overlap: number;
}

/** sum over the mask of (K_ij - rowmean_i K)(L_ij - rowmean_i L) for the three pairs at once. */
function paperTerms(k: Matrix, l: Matrix, maskK: Uint8Array, maskL: Uint8Array) {
  const n = k.rows;
  const rowMean = ({ values }: Matrix, i: number) =>
    values.subarray(i * n, (i + 1) * n).reduce((sum, value) => sum + value, 0) / n;
  let [kl, kk, ll] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const meanK = rowMean(k, i);
    const meanL = rowMean(l, i);
    for (let at = i * n; at < (i + 1) * n; at++) {
      const fromK = ((k.values[at] ?? 0) - meanK) * (maskK[at] ?? 0);
      const fromL = ((l.values[at] ?? 0) - meanL) * (maskL[at] ?? 0);
      kl += fromK * fromL;
      kk += fromK * fromK;
      ll += fromL * fromL;
    }
  }
  return { kl, kk, ll, cknna: kl / Math.sqrt(kk * ll) };
}

/**
 * CKNNA with its terms, from two kernels [N, N] whose rows are the same images (usually `linearKernel` of
 * l2-normalised features). See `cknna`.
 */
export function cknnaTerms(
  k: Matrix,
  l: Matrix,
  { k: neighbours = 10, variant = "unbiased" }: CknnaOptions = {},
): CknnaTerms {
  assertSameKernelSize(k, l);
  const maskK = topKMask(k, neighbours, variant === "biased");
  const maskL = topKMask(l, neighbours, variant === "biased");
  const overlap = maskK.reduce((count, bit, at) => count + bit * (maskL[at] ?? 0), 0);
  if (variant === "paperEquations") return { ...paperTerms(k, l, maskK, maskL), overlap };
  const hsic = variant === "biased" ? hsicBiased : hsicUnbiased;
  const kl = hsic(masked(k, maskK, maskL), masked(l, maskK, maskL));
  // each self term is masked by its own neighbours only
  const ownK = masked(k, maskK);
  const ownL = masked(l, maskL);
  const kk = hsic(ownK, ownK);
  const ll = hsic(ownL, ownL);
  return { cknna: normalisedHsic(kl, kk, ll), kl, kk, ll, overlap };
}

/**
 * Centred kernel nearest-neighbour alignment: CKA restricted to pairs that are among each other's k nearest.
 * Its value depends on N at fixed k, and chance is about k / (N - 1), not 0: show both beside it.
 *
 * @param k, l kernels [N, N] over the same images
 * @returns at most 1; NaN where the unbiased self terms are negative, as in the reference
 * @throws StudioError SHAPE_MISMATCH when sizes differ; OUT_OF_RANGE when k exceeds the candidates or N < 4
 * @source Huh et al. 2024 (platonic-rep metrics.py, cknna); REPA appendix C.1
 */
export const cknna = (k: Matrix, l: Matrix, options?: CknnaOptions): number =>
  cknnaTerms(k, l, options).cknna;
