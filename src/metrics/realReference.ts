import { randomPermutation } from "../math/rng";
import { StudioError } from "../errors/studioError";
import { fitGaussian, frechetBetween, type GaussianFit } from "./frechet";
import { kid, kidSums, kidWithInterval } from "./kid";
import { assertSameWidth, takeRows, type Matrix } from "./matrix";
import { principalComponents, project } from "./pca";

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
  floors(sampleCount: number): RealFloors;
  /**
   * @param generated features [N, D] of at least 4 samples
   * @throws StudioError SHAPE_MISMATCH when D differs from the reference's; OUT_OF_RANGE below 4 samples
   */
  compare(generated: Matrix): RealComparison;
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
export function createRealReference(real: Matrix, seed: number): RealReference {
  assertEnough(real.rows, "real");
  const realSums = kidSums(real, real);
  const components = Math.min(TOP_COMPONENTS, real.cols, real.rows - 1);
  const basis = principalComponents(real, components);
  const projected = project(real, basis);
  const drawn = new Map<number, RealFloors & { readonly fits: readonly GaussianFit[] }>();

  const draw = (sampleCount: number) => {
    const pairCount = Math.min(sampleCount, Math.floor(real.rows / 2));
    const known = drawn.get(pairCount);
    if (known) return known;
    const fits: GaussianFit[] = [];
    const kids: number[] = [];
    const distances: number[] = [];
    for (let index = 0; index < PAIR_DRAWS; index++) {
      const order = randomPermutation({ seed, stream: "metrics/realPairs", index }, real.rows);
      const first = order.subarray(0, pairCount);
      const second = order.subarray(pairCount, 2 * pairCount);
      const pair = [first, second].map((rows) => fitGaussian(takeRows(projected, rows)));
      const [fitFirst, fitSecond] = pair;
      if (fitFirst && fitSecond) distances.push(frechetBetween(fitFirst, fitSecond).distance);
      fits.push(...pair);
      kids.push(kid(takeRows(real, first), takeRows(real, second)));
    }
    const floors = {
      pairCount,
      kidFloor: KID_SCALE * mean(kids),
      frechetFloor: mean(distances),
      fits,
    };
    drawn.set(pairCount, floors);
    return floors;
  };

  const frechetTop = (generated: Matrix, pairCount: number, fits: readonly GaussianFit[]) => {
    // more samples than half the real set: a seeded part of them, so that both sides stay equal
    const rows = randomPermutation({ seed, stream: "metrics/generated" }, generated.rows);
    const part = takeRows(generated, rows.subarray(0, pairCount));
    const fit = fitGaussian(project(part, basis));
    return mean(fits.map((realFit) => frechetBetween(fit, realFit).distance));
  };

  return {
    referenceCount: real.rows,
    components,
    floors(sampleCount) {
      assertEnough(sampleCount, "generated");
      const { pairCount, kidFloor, frechetFloor } = draw(sampleCount);
      return { pairCount, kidFloor, frechetFloor };
    },
    compare(generated) {
      assertSameWidth(generated, real);
      assertEnough(generated.rows, "generated");
      const { pairCount, kidFloor, frechetFloor, fits } = draw(generated.rows);
      const ownSums = kidSums(generated, generated);
      const distance = kidWithInterval(realSums, ownSums, kidSums(real, generated));
      return {
        sampleCount: generated.rows,
        referenceCount: real.rows,
        kid: KID_SCALE * distance.value,
        kidLow: KID_SCALE * distance.low,
        kidHigh: KID_SCALE * distance.high,
        kidFloor,
        frechetTop: frechetTop(generated, pairCount, fits),
        components,
        frechetFloor,
        pairCount,
      };
    },
  };
}
