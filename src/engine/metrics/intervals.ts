/** An estimate with its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** 97.5 % point of the standard normal. */
const Z = 1.959963984540054;

/**
 * A 95 % interval by the delete-one jackknife over one or more independent sets of images: value ± 1.96 se,
 * se² = Σ_sets (n-1)/n Σ_i (θ_(i) - mean θ_(i))².
 *
 * What it is: how far the value would move with other samples of the same model and other real images.
 * What it is not: it knows nothing of other training seeds. It assumes independent images.
 * Chosen over the usual mean ± std of random subsets, which overlap and so understate the spread when they
 * are nearly as large as the set, and waste samples when they are small: the jackknife uses every image,
 * draws nothing at random, and never understates the variance on average (Efron and Stein 1981); near zero
 * distance, where the estimate's linear part vanishes, it is somewhat too wide.
 *
 * @param leftOut for each set, the estimates with one image left out at a time (two or more)
 */
export function jackknifeInterval(value: number, leftOut: readonly Float64Array[]): Interval {
  let variance = 0;
  for (const estimates of leftOut) {
    const n = estimates.length;
    const mean = estimates.reduce((sum, estimate) => sum + estimate, 0) / n;
    const squares = estimates.reduce((sum, estimate) => sum + (estimate - mean) ** 2, 0);
    variance += ((n - 1) / n) * squares;
  }
  const reach = Z * Math.sqrt(variance);
  return { value, low: value - reach, high: value + reach };
}

/** Mean and population standard deviation (ddof 0). */
export function meanAndStd(values: ArrayLike<number>): { mean: number; std: number } {
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const variance = all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length;
  return { mean, std: Math.sqrt(variance) };
}

/** A share with Wilson's 95 % interval: holds also at few trials and near 0 and 1, where ± 1.96 se does not. */
export function wilsonInterval(successes: number, trials: number): Interval {
  const share = successes / trials;
  const spread = Z * Z;
  const centre = (share + spread / (2 * trials)) / (1 + spread / trials);
  const variance = (share * (1 - share)) / trials + spread / (4 * trials * trials);
  const reach = (Z * Math.sqrt(variance)) / (1 + spread / trials);
  return { value: share, low: centre - reach, high: centre + reach };
}
