import { assertSameKernelSize, topKMask } from "./kernels";
import type { Matrix } from "./matrix";

/**
 * Mean share of the k nearest neighbours (without the image itself) that two kernels [N, N] have in common.
 * Chance is k / (N - 1).
 *
 * @throws StudioError SHAPE_MISMATCH when sizes differ; OUT_OF_RANGE when k > N - 1
 * @source Huh et al. 2024; platonic-rep metrics.py, mutual_knn
 */
export function mutualKnn(k: Matrix, l: Matrix, neighbours: number): number {
  assertSameKernelSize(k, l);
  const maskK = topKMask(k, neighbours, false);
  const maskL = topKMask(l, neighbours, false);
  const shared = maskK.reduce((count, bit, at) => count + bit * (maskL[at] ?? 0), 0);
  return shared / (k.rows * neighbours);
}

/**
 * Share of images found again by going to the k neighbours under `l` and from each to its k under `k`.
 *
 * @throws StudioError SHAPE_MISMATCH when sizes differ; OUT_OF_RANGE when k > N - 1
 * @source platonic-rep metrics.py, cycle_knn
 */
export function cycleKnn(k: Matrix, l: Matrix, neighbours: number): number {
  assertSameKernelSize(k, l);
  const n = k.rows;
  const maskK = topKMask(k, neighbours, false);
  const maskL = topKMask(l, neighbours, false);
  let returned = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (maskL[i * n + j] === 1 && maskK[j * n + i] === 1) {
        returned++;
        break;
      }
    }
  }
  return returned / n;
}
