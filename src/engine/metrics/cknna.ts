import { hsicBiased, hsicUnbiased, normalisedHsic } from "./hsic";
import { assertSameKernelSize } from "./kernels";
import { shapeMismatch, type Matrix } from "./matrix";
import { kernelNeighbours, type KernelNeighbours } from "./neighbours";
import {
  entryCount,
  ownEntries,
  sharedEntries,
  sparseEntries,
  type SparseKernel,
} from "./sparseKernel";

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

/** Sums of (K_ij - rowmean_i K)(L_ij - rowmean_i L) over entries that both kernels have. */
function paperSum(k: SparseKernel, meansK: Float64Array, l: SparseKernel, meansL: Float64Array) {
  let sum = 0;
  const values = sparseEntries(l);
  sparseEntries(k).forEach((i, j, value) => {
    sum += (value - (meansK[i] ?? 0)) * (values.at(i, j) - (meansL[i] ?? 0));
  });
  return sum;
}

/** Whether the diagonal competes for the k neighbours. */
export const includesSelf = (variant: CknnaVariant): boolean => variant === "biased";

/**
 * CKNNA with its terms from the neighbour lists of both kernels over the same images; see `cknna`. The masked
 * kernels have at most k entries a row, so nothing of size N x N is needed.
 *
 * @throws StudioError SHAPE_MISMATCH when the lists are of other sizes; OUT_OF_RANGE below 4 images
 */
export function cknnaOfNeighbours(
  k: KernelNeighbours,
  l: KernelNeighbours,
  variant: CknnaVariant = "unbiased",
): CknnaTerms {
  if (k.rows !== l.rows || k.k !== l.k) {
    throw shapeMismatch(
      `${k.k} neighbours of ${k.rows} images cannot be compared with ${l.k} of ${l.rows}.`,
    );
  }
  // each self term is masked by its own neighbours only
  const [ownK, ownL] = [ownEntries(k), ownEntries(l)];
  const [bothK, bothL] = sharedEntries(ownK, ownL);
  const overlap = entryCount(bothK);
  if (variant === "paperEquations") {
    const kl = paperSum(bothK, k.rowMeans, bothL, l.rowMeans);
    const kk = paperSum(ownK, k.rowMeans, ownK, k.rowMeans);
    const ll = paperSum(ownL, l.rowMeans, ownL, l.rowMeans);
    return { kl, kk, ll, cknna: kl / Math.sqrt(kk * ll), overlap };
  }
  const hsic = variant === "biased" ? hsicBiased : hsicUnbiased;
  const [entriesK, entriesL] = [sparseEntries(ownK), sparseEntries(ownL)];
  const kl = hsic(sparseEntries(bothK), sparseEntries(bothL));
  const kk = hsic(entriesK, entriesK);
  const ll = hsic(entriesL, entriesL);
  return { cknna: normalisedHsic(kl, kk, ll), kl, kk, ll, overlap };
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
  const listsOf = (kernel: Matrix) => kernelNeighbours(kernel, neighbours, includesSelf(variant));
  return cknnaOfNeighbours(listsOf(k), listsOf(l), variant);
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
