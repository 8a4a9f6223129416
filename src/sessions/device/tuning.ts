import { z } from "zod";
import { TUNINGS } from "../../engine/kernels/chooseTuning";
import type { MatMulTuning } from "../../engine/kernels/device";
import type { TuningTime } from "../../engine/kernels/rankWithin";
import {
  trustedTuning,
  type CheckTuning,
  type Disagreement,
  type TrustedTuning,
} from "../../engine/kernels/trustedTuning";
import { tuningName } from "../../engine/kernels/tuningName";
import type { FailedCheck } from "../../common/protocol/shared";
import type { Database } from "../../common/storage/db";
import { getSetting, putSetting } from "../../common/storage/settings";

/** Findings in words: "Linear off by 0.8, Attention gives no number". */
export const disagreementText = (found: readonly Disagreement[]): string =>
  [...new Set(found.map(({ operation, reason }) => `${plainName(operation)} ${reason}`))].join(
    ", ",
  );

/** An operation's name without what makes it unique among tfjs' kernels. */
export const plainName = (operation: string): string => operation.replace(/^Studio/, "");

/**
 * What is remembered of an adapter. Another version of the browser may compile the kernels in another
 * way: then tunings are measured again, and those that failed are tried again.
 */
const Remembered = z.object({
  browser: z.string(),
  /** Names of the tunings that may be used, the quickest first. */
  ranked: z.array(z.string()),
  /** Those that failed the self-check. */
  failed: z.array(z.object({ name: z.string(), reason: z.string() })),
});

/** An order of all tunings, and those among them that failed before. */
interface Ranking {
  readonly ranked: readonly MatMulTuning[];
  readonly failed: readonly FailedCheck[];
}

/** With those that were not measured behind those that were. */
const completed = (
  first: readonly MatMulTuning[],
  all: readonly MatMulTuning[],
): readonly MatMulTuning[] => [...first, ...all.filter((tuning) => !first.includes(tuning))];

/**
 * What a stored value says; undefined when it is to be measured over: nonsense, another browser, or other tunings
 * than there are now. Earlier versions stored the name of the best alone.
 */
export function rankingOf(
  stored: unknown,
  browser: string,
  tunings: readonly MatMulTuning[] = TUNINGS,
): Ranking | undefined {
  const named = (name: string) => tunings.find((tuning) => tuningName(tuning) === name);
  if (typeof stored === "string") {
    const best = named(stored);
    return best && { ranked: completed([best], tunings), failed: [] };
  }
  const { data } = Remembered.safeParse(stored);
  if (data?.browser !== browser) return undefined;
  const ranked = data.ranked.flatMap((name) => named(name) ?? []);
  const known = new Set([...data.ranked, ...data.failed.map(({ name }) => name)]);
  const complete = tunings.every((tuning) => known.has(tuningName(tuning)));
  return complete && ranked.length > 0 ? { ranked, failed: data.failed } : undefined;
}

/** Where an adapter's tuning is remembered. */
export interface TuningMemory {
  readonly openDatabase: () => Promise<Database>;
  /** What may change how programs are compiled besides the adapter: the browser's name and version. */
  readonly browser: string;
}

/** How a device is asked. */
export interface TuningWork {
  /** What there is to choose from; all by default. */
  readonly tunings?: readonly MatMulTuning[];
  /** The quickest first (kernels/chooseTuning); those left out come after them. */
  readonly measure: () => Promise<readonly TuningTime[]>;
  readonly check: CheckTuning;
  readonly hasFloat16: boolean;
}

export type ChosenTuning = Omit<TrustedTuning, "rejected"> & {
  /** Tunings passed over, now or at an earlier start, by name. */
  readonly failed: readonly FailedCheck[];
};

async function choose(
  { ranked, failed }: Ranking,
  { check, hasFloat16 }: TuningWork,
): Promise<ChosenTuning> {
  const [first = TUNINGS[0], ...others] = ranked;
  const { rejected, ...trusted } = await trustedTuning([first, ...others], check, hasFloat16);
  const now = rejected.map(({ tuning, disagreements }) => ({
    name: tuningName(tuning),
    reason: disagreementText(disagreements),
  }));
  return { ...trusted, failed: [...failed, ...now] };
}

/** Without storage it is measured at every start, and what cannot be stored is measured again. */
async function withStorage<T>(
  { openDatabase }: TuningMemory,
  use: (db: Database) => Promise<T>,
): Promise<T | undefined> {
  try {
    const db = await openDatabase();
    try {
      return await use(db);
    } finally {
      db.close();
    }
  } catch {
    return undefined;
  }
}

/**
 * The tuning an adapter computes with: measured the first time it is met and remembered, checked at every start. A
 * remembered one that fails is passed over, and stays so in this browser until every other one fails as well.
 */
export async function chooseTuning(
  adapter: string,
  memory: TuningMemory,
  work: TuningWork,
): Promise<ChosenTuning> {
  const key = `tuning/${adapter}`;
  const stored = await withStorage(memory, (db) => getSetting(db, key));
  const tunings = work.tunings ?? TUNINGS;
  const known = rankingOf(stored, memory.browser, tunings);
  const measured = async (): Promise<Ranking> => {
    const times = await work.measure();
    return {
      ranked: completed(
        times.map(({ tuning }) => tuning),
        tunings,
      ),
      failed: [],
    };
  };
  let ranking = known ?? (await measured());
  let chosen = await choose(ranking, work);
  if (known && known.failed.length > 0 && chosen.off.length > 0) {
    ranking = await measured(); // something changed: all of them have another chance
    chosen = await choose(ranking, work);
  }
  if (known !== ranking || chosen.failed.length > known.failed.length) {
    const failed = new Set(chosen.failed.map(({ name }) => name));
    const names = ranking.ranked.map(tuningName).filter((name) => !failed.has(name));
    const value = { browser: memory.browser, ranked: names, failed: [...chosen.failed] };
    await withStorage(memory, (db) => putSetting(db, key, value));
  }
  return chosen;
}
