import { hubFileKey } from "../../common/catalogue/hubFile";
import type { ImageDataset } from "../../sources/data/dataset";
import type { CacheEvent } from "../../common/protocol/features";
import type { WeightsNeeded } from "../../common/protocol/weights";
import { deleteCache, sizedSpec, type CacheSpec } from "../../common/storage/caches";
import type { Database, WeightsRecord } from "../../common/storage/db";
import { getWeights, weightsSummary } from "../../common/storage/weights";
import type { CacheJob } from "./cacheJobs";
import { completeWeights } from "../weights/fetchWeights";

/** Differs where stored weights give other rows: another file, or the same one rounded to float16. */
const nameOf = ({ sha256, commit, bytes, precision }: WeightsRecord): string =>
  [sha256?.slice(0, 16) ?? commit ?? `${bytes} bytes`, precision].join(" ");

/** The job with the size of its shards, and the name of the stored weights that fill its cache, when they are stored. */
export async function asStored(db: Database, job: CacheJob): Promise<CacheJob> {
  const record = job.published && (await completeWeights(db, job.published.files));
  const spec = await sizedSpec(db, job.spec);
  return { ...job, spec: record ? { ...spec, weights: nameOf(record) } : spec };
}

/** Deletes a cache that was made with other weights than those stored now: rows of both must not mix. */
export async function dropOutdated(
  db: Database,
  { cacheKey, label, weights }: CacheSpec,
  onEvent: (event: CacheEvent) => void,
): Promise<void> {
  const known = await db.get("caches", cacheKey);
  if (!known || weights === undefined || known.weights === weights) return;
  await deleteCache(db, cacheKey);
  const message = `${label} was made with other weights (${known.weights ?? "unknown"}) than are here now (${weights}).`;
  const hint = "The cache is computed anew.";
  onEvent({ type: "warning", failure: { code: "CACHE_MISSING", message, hint } });
}

/** Published weights that are not stored whole, of networks that fill a cache or that the trainer uses. */
export async function weightsNeeded(
  db: Database,
  { size }: ImageDataset,
  jobs: readonly CacheJob[],
): Promise<WeightsNeeded[]> {
  const needed: WeightsNeeded[] = [];
  for (const { spec, published, always } of jobs) {
    if (!published || (await completeWeights(db, published.files))) continue;
    const rows = (await db.get("caches", spec.cacheKey))?.rows ?? 0;
    if (!always && rows >= size) continue;
    const [preferred] = published.files;
    const begun = preferred && (await getWeights(db, hubFileKey(preferred)));
    const keptBytes = begun ? (await weightsSummary(db, begun)).bytes : 0;
    needed.push({ ...published, keptBytes });
  }
  return needed;
}
