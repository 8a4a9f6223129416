import { z } from "zod";
import { TUNINGS, type Comparison } from "../../engine/kernels/chooseTuning";
import type { MatMulTuning, SharedTuning } from "../../engine/kernels/device";
import type { TileSpeed } from "../../engine/kernels/sharedPlan";
import type { SharedTile } from "../../engine/kernels/sharedTile";
import { oneTile, shortList, tileSpeeds } from "../../engine/kernels/sharedTuning";
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
  /** Where tiles through workgroup memory are the fastest: workgroups at the same time, and relative speeds by name. */
  shared: z
    .object({
      fill: z.int().positive(),
      rates: z.array(z.object({ name: z.string(), rate: z.number().positive() })),
    })
    .optional(),
});

/** How tiles through workgroup memory are chosen from on an adapter. */
type SharedSpeeds = Pick<SharedTuning, "fill"> & { readonly speeds: readonly TileSpeed[] };

/** An order of all tunings, those among them that failed before, and what was measured of shared tiles. */
interface Ranking {
  readonly ranked: readonly MatMulTuning[];
  readonly failed: readonly FailedCheck[];
  readonly shared?: SharedSpeeds;
}

/** With those that were not measured behind those that were. */
const completed = (
  first: readonly MatMulTuning[],
  all: readonly MatMulTuning[],
): readonly MatMulTuning[] => [...first, ...all.filter((tuning) => !first.includes(tuning))];

/** The tuning that takes this tile for every product. */
const ofTile = (tunings: readonly MatMulTuning[], tile: SharedTile) =>
  tunings.find((tuning) => tuning.kind === "shared" && tuning.speeds[0].tile === tile);

/**
 * What a stored value says; undefined when it is to be measured over: nonsense, another browser, or other tunings
 * than there are now, as in earlier versions.
 */
export function rankingOf(
  stored: unknown,
  browser: string,
  tunings: readonly MatMulTuning[] = TUNINGS,
): Ranking | undefined {
  const named = (name: string) => tunings.find((tuning) => tuningName(tuning) === name);
  const { data } = Remembered.safeParse(stored);
  if (data?.browser !== browser) return undefined;
  const { failed, shared } = data;
  const ranked = data.ranked.flatMap((name) => named(name) ?? []);
  const known = new Set([...data.ranked, ...failed.map(({ name }) => name)]);
  const complete = tunings.every((tuning) => known.has(tuningName(tuning)));
  if (!complete || ranked.length === 0) return undefined;
  const speeds = shared?.rates.flatMap(({ name, rate }): TileSpeed[] => {
    const tuning = named(name);
    return tuning?.kind === "shared" ? [{ tile: tuning.speeds[0].tile, rate }] : [];
  });
  return { ranked, failed, ...(shared && speeds && { shared: { fill: shared.fill, speeds } }) };
}

const measuredRanking = ({ times, fill }: Comparison, all: readonly MatMulTuning[]): Ranking => ({
  ranked: completed(
    times.map(({ tuning }) => tuning),
    all,
  ),
  failed: [],
  ...(fill !== undefined && { shared: { fill, speeds: shortList(tileSpeeds(times, fill)) } }),
});

const rememberedOf = (
  { ranked, shared }: Ranking,
  failed: readonly FailedCheck[],
  browser: string,
) => {
  const names = new Set(failed.map(({ name }) => name));
  return {
    browser,
    ranked: ranked.map(tuningName).filter((name) => !names.has(name)),
    failed: [...failed],
    ...(shared && {
      shared: {
        fill: shared.fill,
        rates: shared.speeds.map(({ tile, rate }) => ({ name: tuningName(oneTile(tile)), rate })),
      },
    }),
  } satisfies z.input<typeof Remembered>;
};

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
  readonly measure: () => Promise<Comparison>;
  readonly check: CheckTuning;
  readonly hasFloat16: boolean;
}

export type ChosenTuning = Omit<TrustedTuning, "rejected"> & {
  /** Tunings passed over, now or at an earlier start, by name. */
  readonly failed: readonly FailedCheck[];
};

const failedCheck = (tuning: MatMulTuning, found: readonly Disagreement[]): FailedCheck => ({
  name: tuningName(tuning),
  reason: disagreementText(found),
});

/**
 * The best tile joined by those others on the short list that agree in every precision the device has. The operations that no
 * tile mends count against none.
 */
async function joined(
  best: SharedTuning,
  { fill, speeds }: SharedSpeeds,
  offAnyway: ReadonlySet<string>,
  { tunings = TUNINGS, check, hasFloat16 }: TuningWork,
) {
  const good: TileSpeed[] = [];
  const failed: FailedCheck[] = [];
  for (const speed of speeds) {
    const tuning = ofTile(tunings, speed.tile);
    if (!tuning) continue;
    const isBest = speed.tile === best.speeds[0].tile;
    const found = isBest
      ? []
      : [
          ...(await check(tuning, "float32")).filter(({ operation }) => !offAnyway.has(operation)),
          ...(hasFloat16 ? await check(tuning, "float16") : []),
        ];
    if (found.length === 0) good.push(speed);
    else failed.push(failedCheck(tuning, found));
  }
  const [first, ...others] = good;
  return { tuning: first ? { ...best, fill, speeds: [first, ...others] as const } : best, failed };
}

async function choose(
  { ranked, failed, shared }: Ranking,
  work: TuningWork,
): Promise<ChosenTuning> {
  const { check, hasFloat16 } = work;
  const [first = TUNINGS[0], ...others] = ranked;
  const { rejected, ...trusted } = await trustedTuning([first, ...others], check, hasFloat16);
  const now = rejected.map(({ tuning, disagreements }) => failedCheck(tuning, disagreements));
  const chosen = { ...trusted, failed: [...failed, ...now] };
  if (trusted.tuning.kind !== "shared" || !shared) return chosen;
  const gone = new Set(chosen.failed.map(({ name }) => name));
  const speeds = shared.speeds.filter(({ tile }) => !gone.has(tuningName(oneTile(tile))));
  const offAnyway = new Set(trusted.off.map(({ operation }) => operation));
  const join = await joined(trusted.tuning, { ...shared, speeds }, offAnyway, work);
  return { ...chosen, tuning: join.tuning, failed: [...chosen.failed, ...join.failed] };
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
  const measured = async () => measuredRanking(await work.measure(), tunings);
  let ranking = known ?? (await measured());
  let chosen = await choose(ranking, work);
  if (known && known.failed.length > 0 && chosen.off.length > 0) {
    ranking = await measured(); // something changed: all of them have another chance
    chosen = await choose(ranking, work);
  }
  if (known !== ranking || chosen.failed.length > known.failed.length) {
    const value = rememberedOf(ranking, chosen.failed, memory.browser);
    await withStorage(memory, (db) => putSetting(db, key, value));
  }
  return chosen;
}
