import { z } from "zod";
import type { CacheSpec } from "../../common/storage/caches";
import type { Database } from "../../common/storage/db";
import { getSetting, putSetting } from "../../common/storage/settings";

/** Images a second, measured while a cache was filled. The stored value is parsed before use. */
const Rate = z.object({ adapter: z.string(), imagesPerSecond: z.number().positive() });
export type CacheRate = z.infer<typeof Rate>;

/** One rate for a network on images of one size; which data set they belong to does not matter. */
const keyOf = ({ label }: CacheSpec, resolution: number) => `rate/${label}/${resolution}`;

/** The rate measured last for caches of this kind; undefined when none was measured. */
export async function cacheRate(
  db: Database,
  spec: CacheSpec,
  resolution: number,
): Promise<CacheRate | undefined> {
  return Rate.safeParse(await getSetting(db, keyOf(spec, resolution))).data;
}

export const putCacheRate = (
  db: Database,
  spec: CacheSpec,
  resolution: number,
  rate: CacheRate,
): Promise<void> => putSetting(db, keyOf(spec, resolution), rate);
