/** What one run costs on this machine, in milliseconds. */
export interface RunCost {
  readonly stepMs: number;
  /** Samples, features and metrics, once. */
  readonly evaluationMs: number;
  /** Opening caches, compiling: before the first step. */
  readonly startMs: number;
}

export interface EvidencePlan {
  /** Pairs of runs, with and without alignment, of seeds 0, 1, ... */
  readonly pairs: number;
  /** Of each run. */
  readonly steps: number;
  /** Steps from one measurement to the next; the last one is measured. */
  readonly metricsEvery: number;
}

const MOST_STEPS = 10_000;
const MOST_PAIRS = 10;
/** Measurements over a run's steps. */
const MEASUREMENTS = 5;
/** From so many pairs on a spread of seeds can be told from an effect. */
const GOOD_PAIRS = 3;
/** Fewer steps show nothing: rather fewer pairs. */
const FEW_STEPS = 500;
/** Of the time: steps are not equally quick. */
const SAFE = 0.9;

/** Steps a run may have when the time is shared by `pairs` pairs; 0 when not even one fits. */
function stepsOf(pairs: number, leftMs: number, cost: RunCost): number {
  const runMs = (SAFE * leftMs) / (2 * pairs);
  const steps = (runMs - cost.startMs - MEASUREMENTS * cost.evaluationMs) / cost.stepMs;
  return Math.max(0, Math.min(MOST_STEPS, Math.floor(steps)));
}

/**
 * As many pairs and steps as fit: three pairs of as many steps as possible, fewer pairs where they would be very
 * short, more where three have all the steps they can use. @returns undefined when nothing fits
 */
export function planEvidence(leftMs: number, cost: RunCost): EvidencePlan | undefined {
  const fewer = [GOOD_PAIRS, 2, 1].find((pairs) => stepsOf(pairs, leftMs, cost) >= FEW_STEPS) ?? 1;
  let pairs = fewer;
  while (pairs >= GOOD_PAIRS && pairs < MOST_PAIRS) {
    if (stepsOf(pairs + 1, leftMs, cost) < MOST_STEPS) break;
    pairs++;
  }
  const fitting = stepsOf(pairs, leftMs, cost);
  if (fitting < 1) return undefined;
  const metricsEvery = Math.max(1, Math.floor(fitting / MEASUREMENTS));
  const steps = fitting < MEASUREMENTS ? fitting : MEASUREMENTS * metricsEvery;
  return { pairs, steps, metricsEvery: Math.min(metricsEvery, steps) };
}

/** Mean and half of the 95 % interval of paired differences (Student's t); the half is null below two pairs. */
export function pairedDifference(differences: readonly number[]): {
  readonly mean: number;
  readonly half: number | null;
} {
  const n = differences.length;
  const mean = differences.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, half: null };
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, half: (T_95[n - 2] ?? 1.96) * Math.sqrt(variance / n) };
}

/** Two-sided 95 % points of Student's t with 1, 2, ... degrees of freedom. */
const T_95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
