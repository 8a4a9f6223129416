import { assertSameKernelSize } from "./kernels";
import type { Matrix } from "./matrix";
import { kernelNeighbours, type Neighbours } from "./neighbours";
import { entryCount, ownEntries, sharedEntries } from "./sparseKernel";

/** `mutualKnn` of given lists (without the image itself). */
export const sharedShare = (a: Neighbours, b: Neighbours): number =>
  entryCount(sharedEntries(ownEntries(a), ownEntries(b))[0]) / (a.rows * a.k);

/**
 * Mean share of the k nearest neighbours (without the image itself) that two kernels [N, N] have in common.
 * Chance is k / (N - 1).
 *
 * @throws StudioError SHAPE_MISMATCH when sizes differ; OUT_OF_RANGE when k > N - 1
 * @source Huh et al. 2024; platonic-rep metrics.py, mutual_knn
 */
export function mutualKnn(k: Matrix, l: Matrix, neighbours: number): number {
  assertSameKernelSize(k, l);
  return sharedShare(
    kernelNeighbours(k, neighbours, false),
    kernelNeighbours(l, neighbours, false),
  );
}

/**
 * Share of images found again by going to the k neighbours under `l` and from each to its k under `k`.
 *
 * @throws StudioError SHAPE_MISMATCH when sizes differ; OUT_OF_RANGE when k > N - 1
 * @source platonic-rep metrics.py, cycle_knn
 */
export function cycleKnn(k: Matrix, l: Matrix, neighbours: number): number {
  assertSameKernelSize(k, l);
  const there = kernelNeighbours(l, neighbours, false);
  const back = kernelNeighbours(k, neighbours, false);
  const listOf = ({ index }: Neighbours, i: number) =>
    index.subarray(i * neighbours, (i + 1) * neighbours);
  let returned = 0;
  for (let i = 0; i < k.rows; i++) {
    if (listOf(there, i).some((j) => listOf(back, j).includes(i))) returned++;
  }
  return returned / k.rows;
}
