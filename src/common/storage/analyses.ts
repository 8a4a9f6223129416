import type { StoredAnalysis } from "../protocol/analysis";
import { readAll, readRecord } from "./checked";
import type { Database } from "./db";
import { storageError } from "./quota";

/** Keeps a result; one with the same key is replaced. @throws StudioError QUOTA_EXCEEDED, STORAGE_FAILED */
export async function putAnalysis(db: Database, analysis: StoredAnalysis): Promise<void> {
  await db
    .put("analyses", analysis)
    .catch((cause: unknown) => Promise.reject(storageError("saving an analysis", cause)));
}

/** Undefined when nothing was measured under this key. */
export const getAnalysis = (db: Database, key: string): Promise<StoredAnalysis | undefined> =>
  readRecord(db, "analyses", key);

/** Every result that can be read, oldest first. */
export async function listAnalyses(db: Database): Promise<StoredAnalysis[]> {
  const { records } = await readAll(db, "analyses");
  return [...records].sort((a, b) => a.createdAtMs - b.createdAtMs);
}
