/** Two-sided 95 % points of Student's t by degrees of freedom, 1 first. */
const STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
const NORMAL = 1.959964;

/**
 * The two-sided 95 % point of Student's t, to three digits.
 * @source Abramowitz and Stegun 26.7.5 beyond ten degrees of freedom
 */
export function student95(freedom: number): number {
  const z = NORMAL;
  return (
    STUDENT[freedom - 1] ??
    z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2)
  );
}

/** Mean of several values and the half of its 95 % interval; one value has no interval. */
export function overSeeds(values: readonly number[]): {
  readonly mean: number;
  readonly half: number | null;
} {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const freedom = values.length - 1;
  if (freedom < 1) return { mean, half: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / freedom;
  return { mean, half: student95(freedom) * Math.sqrt(variance / values.length) };
}
