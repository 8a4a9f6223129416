import { cmmdWork } from "./cmmd";
import { fitGaussianWork, frechetBetweenWork, type GaussianFit } from "./frechet";
import { inceptionScore, partsOfSize } from "./inceptionScore";
import { assertSameWidth, l2NormaliseRows, takeRows, type Matrix } from "./matrix";
import { prdcWork, type Prdc } from "./prdc";
import {
  generatedPart,
  realPair,
  realReferenceWork,
  type RealComparison,
  type RealReference,
} from "./realReference";
import { eachOf, piece, type Work } from "./work";

/** Neighbours of the balls of precision, recall, density and coverage. */
const BALL_K = 5;
/** Real sets these four and the MMD's real value are averaged over. */
const COVERAGE_DRAWS = [0, 1, 2, 3];
/** Below, the plain Fréchet distance is mostly bias. */
const SAMPLES_PER_DIMENSION = 5;
/** ADM's part of an inception score; fewer than two of them are taken as one. */
const SCORE_PART = 5000;

/** One side's features in one space. */
export interface SampleFeatures {
  /** [N, D] */
  readonly pooled: Matrix;
  /** [N, P], for the sFID. */
  readonly spatial?: Matrix | undefined;
  /** [N, C] of a classifier, for the inception score. */
  readonly logits?: Matrix | undefined;
}

/** Everything about generated images in one space, in the shape of the protocol's SampleResult. */
export interface SampleFigures extends RealComparison {
  readonly frechetFull: number;
  readonly width: number;
  readonly fullTrusted: boolean;
  readonly coverage: Prdc;
  readonly coverageReal: Prdc;
  readonly cmmd: number;
  readonly cmmdReal: number;
  readonly sfid: number | null;
  readonly inceptionScore: { readonly mean: number; readonly std: number } | null;
}

/** The real side: what is costly is computed once. */
export interface SampleReference {
  readonly features: SampleFeatures;
  readonly seed: number;
  readonly real: RealReference;
  readonly fit: GaussianFit;
  readonly spatialFit: GaussianFit | undefined;
}

/** @throws StudioError OUT_OF_RANGE below 4 images */
export function* sampleReferenceWork(
  features: SampleFeatures,
  seed: number,
): Work<SampleReference> {
  const { pooled, spatial } = features;
  const real = yield* piece(realReferenceWork(pooled, seed), 0, 3);
  const fit = yield* piece(fitGaussianWork(pooled), 1, 3);
  const spatialFit = spatial && (yield* piece(fitGaussianWork(spatial), 2, 3));
  return { features, seed, real, fit, spatialFit };
}

function* distanceTo(real: GaussianFit, generated: Matrix): Work<number> {
  const fit = yield* piece(fitGaussianWork(generated), 0, 2);
  return (yield* piece(frechetBetweenWork(real, fit), 1, 2)).distance;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const meanCoverage = (values: readonly Prdc[]): Prdc => ({
  precision: mean(values.map(({ precision }) => precision)),
  recall: mean(values.map(({ recall }) => recall)),
  density: mean(values.map(({ density }) => density)),
  coverage: mean(values.map(({ coverage }) => coverage)),
});

/** Balls and MMD against real sets of the same size, and between two such: what a perfect model scores. */
function* againstRealSets(
  { features, seed }: SampleReference,
  generated: Matrix,
  pairCount: number,
): Work<Pick<SampleFigures, "coverage" | "coverageReal" | "cmmdReal">> {
  const { pooled: real } = features;
  const part = generatedPart(generated, pairCount, seed);
  const found = yield* eachOf(COVERAGE_DRAWS, function* (index) {
    const [first, second] = realPair(real.rows, pairCount, { seed, index });
    const [one, other] = [takeRows(real, first), takeRows(real, second)];
    const mmd = cmmdWork(l2NormaliseRows(one), l2NormaliseRows(other));
    return {
      coverage: yield* piece(prdcWork(one, part, BALL_K), 0, 3),
      coverageReal: yield* piece(prdcWork(one, other, BALL_K), 1, 3),
      cmmdReal: yield* piece(mmd, 2, 3),
    };
  });
  return {
    coverage: meanCoverage(found.map(({ coverage }) => coverage)),
    coverageReal: meanCoverage(found.map(({ coverageReal }) => coverageReal)),
    cmmdReal: mean(found.map(({ cmmdReal }) => cmmdReal)),
  };
}

function scoreOf(logits: Matrix): { mean: number; std: number } {
  const parts = logits.rows < 2 * SCORE_PART ? undefined : partsOfSize(logits.rows, SCORE_PART);
  const { mean: value, std } = inceptionScore(logits, parts);
  return { mean: value, std };
}

/**
 * Every sample metric of one space. KID and MMD are unbiased and take all images; the top-component distance and the
 * four shares take `pairCount` images a side, because they depend on how many there are; the plain Fréchet distance and
 * the sFID take all, and say whether that is enough.
 *
 * @throws StudioError SHAPE_MISMATCH when widths differ from the reference's; OUT_OF_RANGE when there are fewer than
 * `BALL_K` + 1 images a side
 */
export function* sampleBatteryWork(
  reference: SampleReference,
  { pooled, spatial, logits }: SampleFeatures,
): Work<SampleFigures> {
  const { features, real, fit, spatialFit } = reference;
  assertSameWidth(pooled, features.pooled);
  const comparison = yield* piece(real.compare(pooled), 0, 5);
  const sets = againstRealSets(reference, pooled, comparison.pairCount);
  const shares = yield* piece(sets, 1, 5);
  const [all, allReal] = [l2NormaliseRows(pooled), l2NormaliseRows(features.pooled)];
  const cmmd = yield* piece(cmmdWork(allReal, all), 2, 5);
  const frechetFull = yield* piece(distanceTo(fit, pooled), 3, 5);
  const sfid = spatialFit && spatial && (yield* piece(distanceTo(spatialFit, spatial), 4, 5));
  const fewest = Math.min(pooled.rows, features.pooled.rows);
  return {
    ...comparison,
    ...shares,
    cmmd,
    frechetFull,
    width: pooled.cols,
    fullTrusted: fewest >= SAMPLES_PER_DIMENSION * pooled.cols,
    sfid: sfid ?? null,
    inceptionScore: logits ? scoreOf(logits) : null,
  };
}
