import type { MatMulTuning } from "./device";

/** Milliseconds of one linear map and its gradients with a tuning. */
export interface TuningTime {
  readonly tuning: MatMulTuning;
  readonly sizes: Sizes;
  readonly ms: number;
}

/** Rows, inputs and outputs of the linear map that is timed. */
export type Sizes = readonly [rows: number, inputs: number, outputs: number];
const SMALL: Sizes = [256, 128, 256];
const LARGE: Sizes = [2048, 512, 1024];
const workOf = ([rows, inputs, outputs]: Sizes) => rows * inputs * outputs;
/** How many times as much work the large sizes are: an upper bound of the time they take. */
const LARGER = workOf(LARGE) / workOf(SMALL);
/** An adapter that is slower than this on the small sizes computes on the CPU; the large sizes would take seconds. */
const SLOW_MS = 8;
/** One size is timed in at least two rounds; the first one warms up. */
const LEAST_ROUNDS = 2;

/** A tuning whose programs are being compiled. */
export interface Candidate {
  readonly tuning: MatMulTuning;
  /** Whether they can be used; never rejects. */
  readonly compiled: Promise<boolean>;
  /** Times one size in two rounds, and in further rounds as long as one fits into the time left. */
  readonly time: (sizes: Sizes, leftMs: () => number) => Promise<number>;
}

/** How long measuring may take. Tests give a clock of their own. */
export interface Budget {
  readonly ms: number;
  /** Resolves after so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
}

/** A user waits for this at the first start on an adapter. The self-check follows. */
export const START_BUDGET_MS = 2000;

/** Waits until all are compiled, or for half the budget; then for the first that is. */
async function compiledOf(
  candidates: readonly Candidate[],
  { ms, sleep }: Budget,
): Promise<readonly Candidate[]> {
  const done = new Set<Candidate>();
  const waiting = candidates.map(async (candidate) => {
    if (await candidate.compiled) done.add(candidate);
    else throw new Error("does not compile");
  });
  await Promise.race([Promise.allSettled(waiting), sleep(ms / 2)]);
  if (done.size === 0) await Promise.any(waiting).catch(() => undefined); // none compiles: none is timed
  return candidates.filter((candidate) => done.has(candidate));
}

/**
 * Times the candidates, the fastest first. On a slow adapter small products decide. On a fast one large products
 * decide, because small ones measure only the cost of a submit. When the time is used up, the measurements made so far
 * decide; there is at least one. Candidates timed on large products come before those timed on small ones only.
 * Candidates that were not timed are left out.
 */
export async function rankWithin(
  candidates: readonly Candidate[],
  clockMs: () => number,
  budget: Budget,
): Promise<readonly TuningTime[]> {
  const endMs = clockMs() + budget.ms;
  const leftMs = () => endMs - clockMs();
  const small: (TuningTime & Candidate)[] = [];
  for (const candidate of await compiledOf(candidates, budget)) {
    if (small.length > 0 && leftMs() <= 0) break;
    small.push({ ...candidate, sizes: SMALL, ms: await candidate.time(SMALL, leftMs) });
  }
  small.sort((a, b) => a.ms - b.ms);
  const large: TuningTime[] = [];
  if ((small[0]?.ms ?? Infinity) <= SLOW_MS) {
    for (const { tuning, ms, time } of small) {
      if (leftMs() < LEAST_ROUNDS * LARGER * ms) break;
      large.push({ tuning, sizes: LARGE, ms: await time(LARGE, leftMs) });
    }
  }
  large.sort((a, b) => a.ms - b.ms);
  const rest = small.slice(large.length).map(({ tuning, sizes, ms }) => ({ tuning, sizes, ms }));
  return [...large, ...rest];
}
