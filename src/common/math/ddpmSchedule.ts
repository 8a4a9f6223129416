import { StudioError } from "../errors/studioError";

/** Steps a DiT is trained with. */
export const DDPM_STEPS = 1000;

/**
 * A diffusion in discrete steps i = 0 (nearly data) to N - 1 (nearly noise): x_i = sqrt(alphasCumprod[i]) x_0 +
 * sqrt(1 - alphasCumprod[i]) eps. All values are float64; they become float32 where they are used.
 */
export interface DdpmSchedule {
  /** What the network is told at each step: numbers of the diffusion it was trained with. */
  readonly timesteps: Int32Array;
  /** Variance added by each step, and the largest variance of the step back. */
  readonly betas: Float64Array;
  readonly alphasCumprod: Float64Array;
  /** Of the step before; 1 for the first. */
  readonly alphasCumprodPrev: Float64Array;
  /** Variance of the step back where x_0 is known: the least. 0 for the first. */
  readonly posteriorVariance: Float64Array;
  /** Its log; the first, which is minus infinity, is replaced by the second. */
  readonly posteriorLogVariance: Float64Array;
  /** The step back's mean is `posteriorOnData` x_0 + `posteriorOnState` x_i. */
  readonly posteriorOnData: Float64Array;
  readonly posteriorOnState: Float64Array;
}

/**
 * Everything that follows from the variances of the steps.
 * @source Ho et al. (arXiv:2006.11239) Eq. 6 and 7
 */
function scheduleOf(betas: Float64Array, timesteps: Int32Array): DdpmSchedule {
  let product = 1;
  const alphasCumprod = betas.map((beta) => (product *= 1 - beta));
  const alphasCumprodPrev = betas.map((_, i) => alphasCumprod[i - 1] ?? 1);
  const byStep = (value: (beta: number, now: number, before: number) => number) =>
    betas.map((beta, i) => value(beta, alphasCumprod[i] ?? 0, alphasCumprodPrev[i] ?? 1));
  const posteriorVariance = byStep((beta, now, before) => (beta * (1 - before)) / (1 - now));
  const [onlyBeta = 1] = betas;
  return {
    timesteps,
    betas,
    alphasCumprod,
    alphasCumprodPrev,
    posteriorVariance,
    posteriorLogVariance: posteriorVariance.map((variance, i) =>
      Math.log(i === 0 ? (posteriorVariance[1] ?? onlyBeta) : variance),
    ),
    posteriorOnData: byStep((beta, now, before) => (beta * Math.sqrt(before)) / (1 - now)),
    posteriorOnState: byStep(
      (beta, now, before) => ((1 - before) * Math.sqrt(1 - beta)) / (1 - now),
    ),
  };
}

/**
 * The linear schedule: betas from 1e-4 to 0.02 over 1,000 steps, scaled so that fewer steps end at the same noise.
 * @source DiT (arXiv:2212.09748) section 3.1; Ho et al. (arXiv:2006.11239) section 4
 */
export function linearSchedule(steps: number = DDPM_STEPS): DdpmSchedule {
  const scale = 1000 / steps;
  const [first, last] = [scale * 1e-4, scale * 0.02];
  const step = steps > 1 ? (last - first) / (steps - 1) : 0;
  const betas = Float64Array.from({ length: steps }, (_, i) =>
    i > 0 && i === steps - 1 ? last : first + i * step,
  );
  return scheduleOf(
    betas,
    Int32Array.from(betas, (_, i) => i),
  );
}

/** Python's round: halves go to the even neighbour. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

const impossible = (total: number, count: number, way: string) =>
  new StudioError(
    "OUT_OF_RANGE",
    `${count} sampling steps cannot be spaced over ${total} ${way}.`,
    `Choose from 1 to ${total} sampling steps.`,
  );

/**
 * Which of `total` steps a sampler keeps: each section of the diffusion, of about equal length, keeps so many, its first and
 * last among them. Positions are added up in float64 and rounded as Python rounds (55.5 to 56 but 166.5 to 166).
 * @param counts steps to keep in each section; usually one section
 * @throws StudioError OUT_OF_RANGE when a section has fewer steps than it shall keep
 * @source Nichol and Dhariwal (arXiv:2102.09672) section 4; test/golden/dit, `spacing`
 */
export function spacedSteps(total: number, counts: readonly number[]): number[] {
  const kept: number[] = [];
  let start = 0;
  for (const [section, count] of counts.entries()) {
    const size = Math.floor(total / counts.length) + (section < total % counts.length ? 1 : 0);
    if (count < 1 || count > size)
      throw impossible(total, count, `steps in ${counts.length} parts`);
    const stride = count > 1 ? (size - 1) / (count - 1) : 1;
    let position = 0;
    for (let i = 0; i < count; i++) {
      kept.push(start + roundHalfToEven(position));
      position += stride;
    }
    start += size;
  }
  return kept;
}

/**
 * Steps of a fixed whole stride from 0, as DDIM's authors take them.
 * @throws StudioError OUT_OF_RANGE when no stride gives that many
 * @source Song et al. (arXiv:2010.02502) appendix D.3
 */
export function stridedSteps(total: number, count: number): number[] {
  for (let stride = 1; stride <= total; stride++) {
    if (Math.ceil(total / stride) === count) {
      return Array.from({ length: count }, (_, i) => i * stride);
    }
  }
  throw impossible(total, count, "by a whole stride");
}

/**
 * A diffusion of fewer steps with the same noise at those that are kept; the network is told their old numbers.
 * @param kept step numbers of `schedule`, ascending
 */
export function spacedSchedule(schedule: DdpmSchedule, kept: readonly number[]): DdpmSchedule {
  const { alphasCumprod, timesteps } = schedule;
  const betas = Float64Array.from(kept, (step, i) => {
    const before = i === 0 ? 1 : (alphasCumprod[kept[i - 1] ?? 0] ?? 1);
    return 1 - (alphasCumprod[step] ?? 0) / before;
  });
  return scheduleOf(
    betas,
    Int32Array.from(kept, (step) => timesteps[step] ?? 0),
  );
}
