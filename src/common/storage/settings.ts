import type { Database } from "./db";

/** The value stored under `key`, unchecked; undefined when there is none. */
export async function getSetting(db: Database, key: string): Promise<unknown> {
  return (await db.get("settings", key))?.value;
}

/** Stores `value` (anything IndexedDB can clone) in place of what was there. */
export async function putSetting(db: Database, key: string, value: unknown): Promise<void> {
  await db.put("settings", { key, value });
}
