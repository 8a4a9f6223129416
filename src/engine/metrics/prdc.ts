import { StudioError } from "../../common/errors/studioError";
import { distanceBlocks } from "./kernels";
import { assertSameWidth, type Matrix } from "./matrix";
import { finish, piece, type Work } from "./work";

export interface Prdc {
  /** Share of generated images inside some real image's ball. */
  readonly precision: number;
  /** Share of real images inside some generated image's ball. */
  readonly recall: number;
  /** Real balls around a generated image, over k; may exceed 1. */
  readonly density: number;
  /** Share of real images with a generated one inside their ball. */
  readonly coverage: number;
}

/** Squared distance of every row to its k-th nearest other row; in blocks, so that [N, N] is never held. */
function* squaredRadiiWork(features: Matrix, k: number): Work<Float64Array> {
  const { rows: n } = features;
  if (!Number.isInteger(k) || k < 1 || k > n - 1) {
    throw new StudioError(
      "OUT_OF_RANGE",
      `The distance to neighbour ${k} was asked among ${n} images.`,
      "Use more images or a smaller k.",
    );
  }
  const radii = new Float64Array(n);
  for (const { values, rowFrom, rowTo } of distanceBlocks(features, features)) {
    for (let i = rowFrom; i < rowTo; i++) {
      const row = values.slice((i - rowFrom) * n, (i - rowFrom + 1) * n);
      row[i] = -1; // the image itself is sorted to the front, then skipped
      radii[i] = row.sort()[k] ?? 0;
    }
    yield { done: rowTo, all: n };
  }
  return radii;
}

export const squaredRadii = (features: Matrix, k: number): Float64Array =>
  finish(squaredRadiiWork(features, k));

const share = (counts: Uint32Array) => counts.filter((count) => count > 0).length / counts.length;

/**
 * Precision, recall, density and coverage from balls to the k-th nearest neighbour, features [N, D], [M, D].
 * A perfect model does not score 1: show the real-against-real values at the same N and k beside it.
 *
 * @param inclusive a distance equal to the radius counts (ADM's evaluator) or not (prdc, the default)
 * @throws StudioError SHAPE_MISMATCH when widths differ; OUT_OF_RANGE when k exceeds either set
 * @source Naeem et al. 2020, clovaai prdc.py; Kynkäänniemi et al. 2019
 */
export function* prdcWork(
  real: Matrix,
  fake: Matrix,
  k: number,
  { inclusive = false } = {},
): Work<Prdc> {
  assertSameWidth(real, fake);
  const [n, m] = [real.rows, fake.rows];
  const realRadii = yield* piece(squaredRadiiWork(real, k), 0, 3);
  const fakeRadii = yield* piece(squaredRadiiWork(fake, k), 1, 3);
  const isInside = (distance: number, radius: number) =>
    distance < radius || (inclusive && distance === radius);
  const realBalls = new Uint32Array(m); // real balls that hold generated image j
  const fakeBalls = new Uint32Array(n);
  let covered = 0;
  for (const { values, rowFrom, rowTo } of distanceBlocks(real, fake)) {
    for (let i = rowFrom; i < rowTo; i++) {
      const radius = realRadii[i] ?? 0;
      let held = 0;
      for (let j = 0; j < m; j++) {
        const distance = values[(i - rowFrom) * m + j] ?? 0;
        if (isInside(distance, radius)) {
          realBalls[j] = (realBalls[j] ?? 0) + 1;
          held++;
        }
        if (isInside(distance, fakeRadii[j] ?? 0)) fakeBalls[i] = (fakeBalls[i] ?? 0) + 1;
      }
      if (held > 0) covered++;
    }
    yield { done: 2 + rowTo / n, all: 3 };
  }
  const balls = realBalls.reduce((sum, count) => sum + count, 0);
  return {
    precision: share(realBalls),
    recall: share(fakeBalls),
    density: balls / (k * m),
    coverage: covered / n,
  };
}

/** `prdcWork` without a pause. */
export const prdc = (real: Matrix, fake: Matrix, k: number, options?: { inclusive: boolean }) =>
  finish(prdcWork(real, fake, k, options));
