import { randomPermutation } from "../../common/math/rng";
import { StudioError } from "../../common/errors/studioError";
import { fitGaussianWork, frechetBetweenWork, type GaussianFit } from "./frechet";
import { kidSumsWork, kidWithInterval, kidWork } from "./kid";
import { assertSameWidth, takeRows, type Matrix } from "./matrix";
import { principalComponentsWork, project } from "./pca";
import { eachOf, piece, type Work } from "./work";

/** How many principal components the small-sample Fréchet distance keeps. */
const TOP_COMPONENTS = 32;
/** Random pairs of disjoint real sets behind every floor. */
const PAIR_DRAWS = 8;
const KID_SCALE = 1000;
const MIN_IMAGES = 4;

/** The numbers of one evaluation, in the shape of the protocol's SampleQuality without step and space. */
export interface RealComparison {
  readonly sampleCount: number;
  readonly referenceCount: number;
  /** Unbiased KID x 1000 against all real images, with its 95 % jackknife interval. */
  readonly kid: number;
  readonly kidLow: number;
  readonly kidHigh: number;
  readonly kidFloor: number;
  readonly frechetTop: number;
  readonly components: number;
  readonly frechetFloor: number;
  /** Images a side of both Fréchet distances and the KID floor: sampleCount, or half the real set if that is less. */
  readonly pairCount: number;
}

/** What two disjoint real sets of `pairCount` score against each other: a perfect model's value. */
export interface RealFloors {
  readonly pairCount: number;
  readonly kidFloor: number;
  readonly frechetFloor: number;
}

export interface RealReference {
  readonly referenceCount: number;
  readonly components: number;
  /** Floors for that many generated images; computed once a count. */
  readonly floors: (sampleCount: number) => Work<RealFloors>;
  /**
   * @param generated features [N, D] of at least 4 samples
   * @throws StudioError SHAPE_MISMATCH when D differs from the reference's; OUT_OF_RANGE below 4 samples
   */
  readonly compare: (generated: Matrix) => Work<RealComparison>;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function assertEnough(count: number, what: string) {
  if (count >= MIN_IMAGES) return;
  throw new StudioError(
    "OUT_OF_RANGE",
    `${count} ${what} images are too few to compare: at least ${MIN_IMAGES} are needed.`,
    "Raise the evaluation's sample count or use a larger data set.",
  );
}

/** How many images a side a comparison with `sampleCount` generated ones takes: what two disjoint real sets can give. */
const pairCountOf = (realRows: number, sampleCount: number): number =>
  Math.min(sampleCount, Math.floor(realRows / 2));

/** Rows of two disjoint real sets of `pairCount`: draw `index` of a seed. */
export function realPair(
  realRows: number,
  pairCount: number,
  { seed, index }: { readonly seed: number; readonly index: number },
): [Uint32Array, Uint32Array] {
  const order = randomPermutation({ seed, stream: "metrics/realPairs", index }, realRows);
  return [order.subarray(0, pairCount), order.subarray(pairCount, 2 * pairCount)];
}

/** A seeded part of the generated images, where there are more than `pairCount`: both sides stay equal. */
export const generatedPart = (generated: Matrix, pairCount: number, seed: number): Matrix => {
  const rows = randomPermutation({ seed, stream: "metrics/generated" }, generated.rows);
  return takeRows(generated, rows.subarray(0, pairCount));
};

/** What one sample count needs of the real side. */
interface DrawnPairs extends RealFloors {
  /** Gaussians of all drawn sets on the top components. */
  readonly fits: readonly GaussianFit[];
}

const DRAWS = Array.from({ length: PAIR_DRAWS }, (_, index) => index);

/** Floors and fits over all draws. @param projected `real` on the top components */
function* drawPairs(
  real: Matrix,
  projected: Matrix,
  pairCount: number,
  seed: number,
): Work<DrawnPairs> {
  const drawn = yield* eachOf(DRAWS, function* (index) {
    const [first, second] = realPair(real.rows, pairCount, { seed, index });
    const fits = [
      yield* piece(fitGaussianWork(takeRows(projected, first)), 0, 4),
      yield* piece(fitGaussianWork(takeRows(projected, second)), 1, 4),
    ] as const;
    const { distance } = yield* piece(frechetBetweenWork(...fits), 2, 4);
    const pair = kidWork(takeRows(real, first), takeRows(real, second), "unbiased");
    return { fits, distance, kid: yield* piece(pair, 3, 4) };
  });
  return {
    pairCount,
    kidFloor: KID_SCALE * mean(drawn.map(({ kid }) => kid)),
    frechetFloor: mean(drawn.map(({ distance }) => distance)),
    fits: drawn.flatMap(({ fits }) => fits),
  };
}

/**
 * The real side of the sample metrics, computed once: kernel sums of all real images, the top 32 principal
 * components, and on first use for a sample count the floors between disjoint real sets.
 *
 * KID compares all generated with all real images. The Fréchet distance compares equally many on both
 * sides (`pairCount`), averaged over the real sets of the floor's draws, so that value and floor have the
 * same bias and a perfect model scores the floor on average.
 *
 * @param real features [N, D]
 * @throws StudioError OUT_OF_RANGE below 4 images
 */
export function* realReferenceWork(real: Matrix, seed: number): Work<RealReference> {
  assertEnough(real.rows, "real");
  const realSums = yield* piece(kidSumsWork(real, real), 0, 2);
  const components = Math.min(TOP_COMPONENTS, real.cols, real.rows - 1);
  const basis = yield* piece(principalComponentsWork(real, components), 1, 2);
  const projected = project(real, basis);
  const known = new Map<number, DrawnPairs>();

  function* draw(sampleCount: number): Work<DrawnPairs> {
    assertEnough(sampleCount, "generated");
    const pairCount = pairCountOf(real.rows, sampleCount);
    const drawn = known.get(pairCount) ?? (yield* drawPairs(real, projected, pairCount, seed));
    known.set(pairCount, drawn);
    return drawn;
  }

  function* frechetTop(generated: Matrix, { pairCount, fits }: DrawnPairs): Work<number> {
    const part = project(generatedPart(generated, pairCount, seed), basis);
    const fit = yield* piece(fitGaussianWork(part), 0, 2);
    const distances = eachOf(fits, (realFit) => frechetBetweenWork(fit, realFit));
    const terms = yield* piece(distances, 1, 2);
    return mean(terms.map(({ distance }) => distance));
  }

  return {
    referenceCount: real.rows,
    components,
    *floors(sampleCount) {
      const { pairCount, kidFloor, frechetFloor } = yield* draw(sampleCount);
      return { pairCount, kidFloor, frechetFloor };
    },
    *compare(generated) {
      assertSameWidth(generated, real);
      const drawn = yield* piece(draw(generated.rows), 0, 4);
      const ownSums = yield* piece(kidSumsWork(generated, generated), 1, 4);
      const across = yield* piece(kidSumsWork(real, generated), 2, 4);
      const distance = kidWithInterval(realSums, ownSums, across);
      const { pairCount, kidFloor, frechetFloor } = drawn;
      return {
        sampleCount: generated.rows,
        referenceCount: real.rows,
        kid: KID_SCALE * distance.value,
        kidLow: KID_SCALE * distance.low,
        kidHigh: KID_SCALE * distance.high,
        kidFloor,
        frechetTop: yield* piece(frechetTop(generated, drawn), 3, 4),
        components,
        frechetFloor,
        pairCount,
      };
    },
  };
}
