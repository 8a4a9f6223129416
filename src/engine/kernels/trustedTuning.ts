import type { MatMulTuning } from "./device";

/** An operation whose kernel gives other results than its twin on this device. */
export interface Disagreement {
  readonly operation: string;
  /** Follows the operation's name in a message: "off by 0.8", "does not compile: ...". */
  readonly reason: string;
}

/** How the operands of matrix products are multiplied. */
export type Precision = "float32" | "float16";

/** Checks the kernels that depend on a tuning: the products, and in float32 also those that depend on its kind. */
export type CheckTuning = (
  tuning: MatMulTuning,
  precision: Precision,
) => Promise<readonly Disagreement[]>;

export interface TrustedTuning {
  readonly tuning: MatMulTuning;
  /** Faster tunings that failed the check, and why. */
  readonly rejected: readonly {
    readonly tuning: MatMulTuning;
    readonly disagreements: readonly Disagreement[];
  }[];
  /** Operations that disagree with every tuning: these have to run as their twins. */
  readonly off: readonly Disagreement[];
  /** Of the float16 products with this tuning; undefined where the device has no float16. */
  readonly float16: readonly Disagreement[] | undefined;
}

const operationsOf = (found: readonly Disagreement[]): ReadonlySet<string> =>
  new Set(found.map(({ operation }) => operation));

/**
 * The first tuning whose float32 kernels all agree with their twins. Where there is none: the one with the fewest
 * operations that disagree. These operations then run as their twins.
 *
 * Float16 is checked with that tuning alone and never changes it: runs compute in float32 unless they ask for
 * mixed precision. A tile that is slower for all runs would cost more than the mode gains, since few runs use it.
 * @param ranked the fastest first; not empty
 */
export async function trustedTuning(
  ranked: readonly [MatMulTuning, ...MatMulTuning[]],
  check: CheckTuning,
  hasFloat16: boolean,
): Promise<TrustedTuning> {
  const tried: { tuning: MatMulTuning; disagreements: readonly Disagreement[] }[] = [];
  let [best] = ranked;
  let off: readonly Disagreement[] | undefined;
  for (const tuning of ranked) {
    const disagreements = await check(tuning, "float32");
    tried.push({ tuning, disagreements });
    if (!off || operationsOf(disagreements).size < operationsOf(off).size) {
      [best, off] = [tuning, disagreements];
    }
    if (disagreements.length === 0) break;
  }
  const offAnyway = operationsOf(off ?? []);
  return {
    tuning: best,
    rejected: tried
      .slice(0, ranked.indexOf(best))
      .filter(({ disagreements }) =>
        disagreements.some(({ operation }) => !offAnyway.has(operation)),
      ),
    off: off ?? [],
    float16: hasFloat16 ? await check(best, "float16") : undefined,
  };
}
