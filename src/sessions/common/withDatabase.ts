import type { Database } from "../../common/storage/db";
import type { SessionEnvironment } from "./environment";

/** Opens the database for one piece of work and closes it after. @throws StudioError STORAGE_UNAVAILABLE */
export async function withDatabase<T>(
  { openDatabase }: Pick<SessionEnvironment, "openDatabase">,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const db = await openDatabase();
  try {
    return await work(db);
  } finally {
    db.close();
  }
}
