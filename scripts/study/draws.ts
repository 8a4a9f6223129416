import { randomPermutation } from "../../src/common/math/rng";
import { frechetDistance } from "../../src/engine/metrics/frechet";
import { kidWithInterval, kidSums } from "../../src/engine/metrics/kid";
import { subtractRow, takeRows, type Matrix } from "../../src/engine/metrics/matrix";
import { principalComponents, project, type PrincipalBasis } from "../../src/engine/metrics/pca";

export const METRICS = ["kid", "frechetTop", "frechetFull"] as const;
export type Metric = (typeof METRICS)[number];

/** What the second half is: real images as they are, or as an imperfect model would make them. */
export const MODELS = ["perfect", "contracted", "shifted"] as const;
export type Model = (typeof MODELS)[number];

export const COMPONENTS = 32;
/** All deviations from the mean times this: a model that has lost diversity. */
export const CONTRACTION = 0.85;
/** Squared shift of the mean as a share of the total variance, spread over the first directions. */
export const SHIFT_SHARE = 0.02;
export const SHIFT_DIRECTIONS = 8;

/** One comparison of two disjoint halves of n images each. */
export interface Draw {
  readonly n: number;
  readonly seed: number;
  readonly model: Model;
  readonly values: Readonly<Record<Metric, number>>;
  /** Whether KID's 95 % interval holds 0. */
  readonly kidHoldsZero: boolean;
}

const addRow = (features: Matrix, row: Float64Array): Matrix =>
  subtractRow(
    features,
    row.map((value) => -value),
  );

/** `features` as the named model would make them; `basis` tells mean and directions of the real set. */
function imagined(model: Model, features: Matrix, basis: PrincipalBasis): Matrix {
  if (model === "perfect") return features;
  if (model === "contracted") {
    const centred = subtractRow(features, basis.mean);
    const values = centred.values.map((value) => CONTRACTION * value);
    return addRow({ ...centred, values }, basis.mean);
  }
  const { values, cols } = basis.components;
  const length = Math.sqrt((SHIFT_SHARE * basis.totalVariance) / SHIFT_DIRECTIONS);
  const shift = new Float64Array(cols);
  for (let at = 0; at < SHIFT_DIRECTIONS * cols; at++) {
    shift[at % cols] = (shift[at % cols] ?? 0) + length * (values[at] ?? 0);
  }
  return addRow(features, shift);
}

/** Both halves are drawn anew for every seed and n; the basis is fitted on all images, as the studio's is. */
export function drawHalves(features: Matrix, counts: readonly number[], seeds: number): Draw[] {
  const basis = principalComponents(features, COMPONENTS);
  return counts.flatMap((n) =>
    Array.from({ length: seeds }, (_, seed) => {
      const order = randomPermutation({ seed, stream: "study/halves", index: n }, features.rows);
      const real = takeRows(features, order.subarray(0, n));
      const half = takeRows(features, order.subarray(n, 2 * n));
      const [projected, realSums] = [project(real, basis), kidSums(real, real)];
      return MODELS.map((model): Draw => {
        const made = imagined(model, half, basis);
        const kid = kidWithInterval(realSums, kidSums(made, made), kidSums(real, made));
        const values = {
          kid: 1000 * kid.value,
          frechetTop: frechetDistance(projected, project(made, basis)),
          frechetFull: frechetDistance(real, made),
        };
        return { n, seed, model, values, kidHoldsZero: kid.low <= 0 && kid.high >= 0 };
      });
    }).flat(),
  );
}

/** All draws of one metric, model and n. */
export interface Cell {
  readonly metric: Metric;
  readonly model: Model;
  readonly n: number;
  readonly draws: number;
  readonly mean: number;
  /** Over draws, ddof 1. */
  readonly std: number;
  /**
   * (mean - mean of the perfect model) / pooled std: above about 2 one run ranks reliably, below 0 the
   * imperfect model looks better than a perfect one.
   */
  readonly dPrime: number;
}

function moments(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / (values.length - 1)) };
}

export function summarise(draws: readonly Draw[], counts: readonly number[]): Cell[] {
  const valuesOf = (metric: Metric, model: Model, n: number) =>
    draws.filter((d) => d.n === n && d.model === model).map(({ values }) => values[metric]);
  return METRICS.flatMap((metric) =>
    counts.flatMap((n) => {
      const perfect = moments(valuesOf(metric, "perfect", n));
      return MODELS.map((model): Cell => {
        const own = valuesOf(metric, model, n);
        const { mean, std } = moments(own);
        const pooled = Math.sqrt((std * std + perfect.std * perfect.std) / 2);
        const dPrime = (mean - perfect.mean) / pooled;
        return { metric, model, n, draws: own.length, mean, std, dPrime };
      });
    }),
  );
}
