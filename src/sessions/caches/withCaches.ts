import type { ImageDataset } from "../../sources/data/dataset";
import type { CacheRequest } from "../../common/protocol/features";
import type { Database } from "../../common/storage/db";
import type { SessionEnvironment } from "../common/environment";
import { withDatabase } from "../common/withDatabase";
import { loadDataset } from "../datasets/datasets";
import { cacheJobs, type CacheJob } from "./cacheJobs";
import { asStored } from "./cacheWeights";

/** Opens the database and the data set for one call, and closes the database. */
export const withCaches = <T>(
  environment: SessionEnvironment,
  request: CacheRequest,
  work: (db: Database, dataset: ImageDataset, jobs: readonly CacheJob[]) => Promise<T>,
): Promise<T> =>
  withDatabase(environment, async (db) => {
    const dataset = await loadDataset(environment, db, request.data);
    const jobs = cacheJobs(environment, dataset, request);
    return work(db, dataset, await Promise.all(jobs.map((job) => asStored(db, job))));
  });
