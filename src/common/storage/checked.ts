import type { StoreValue } from "idb";
import type { z } from "zod";
import type { Database, StudioDb } from "./db";
import { isClosed, storageError } from "./quota";
import { SCHEMAS } from "./records";

/** Stores whose records are parsed before anybody uses them. */
export type CheckedStore = keyof typeof SCHEMAS;
type RecordOf<S extends CheckedStore> = StoreValue<StudioDb, S>;

/** A record that is there and cannot be used. */
export interface Unreadable {
  readonly store: CheckedStore;
  readonly key: IDBValidKey;
  readonly why: string;
}

/** What a store holds: the records that can be used, in the order of their keys, and those that cannot. */
export interface Checked<T> {
  readonly records: readonly T[];
  readonly unreadable: readonly Unreadable[];
}

const NO_VALUE = "the browser cannot read it";

/** A value as a record of its store, or why it is none. */
export function checkedRecord<S extends CheckedStore>(
  store: S,
  value: unknown,
): { readonly record: RecordOf<S> } | { readonly why: string } {
  const parsed: z.ZodSafeParseResult<unknown> = SCHEMAS[store].safeParse(value);
  // the schema held the value to what is read of the type; TypeScript cannot follow that through the table
  if (parsed.success) return { record: parsed.data as RecordOf<S> };
  const issue = parsed.error.issues[0];
  return { why: issue ? `${issue.path.join(".") || "record"}: ${issue.message}` : "not a record" };
}

/** A value as a record of its store; undefined when it is none. */
export function usable<S extends CheckedStore>(store: S, value: unknown): RecordOf<S> | undefined {
  const found = checkedRecord(store, value);
  return "record" in found ? found.record : undefined;
}

/** A record that can be used; undefined when there is none, or only a damaged one. @throws StudioError STORAGE_CLOSED */
export async function readRecord<S extends CheckedStore>(
  db: Database,
  store: S,
  key: IDBValidKey,
): Promise<RecordOf<S> | undefined> {
  const { records } = checkAll(store, [key], [await readValue(db, store, key)]);
  return records[0];
}

/**
 * Every record of a store, or of a range of its keys. One that cannot be read hides no other.
 * @throws StudioError STORAGE_CLOSED, STORAGE_FAILED
 */
export async function readAll<S extends CheckedStore>(
  db: Database,
  store: S,
  range?: IDBKeyRange,
): Promise<Checked<RecordOf<S>>> {
  const { keys, values } = await valuesOf(db, store, range);
  return checkAll(store, keys, values);
}

/** Checks values that were read with their keys. */
export function checkAll<S extends CheckedStore>(
  store: S,
  keys: readonly IDBValidKey[],
  values: readonly unknown[],
): Checked<RecordOf<S>> {
  const records: RecordOf<S>[] = [];
  const unreadable: Unreadable[] = [];
  values.forEach((value, i) => {
    const key = keys[i];
    if (key === undefined || value === undefined) return; // deleted meanwhile
    const found = value === NO_VALUE ? { why: NO_VALUE } : checkedRecord(store, value);
    if ("record" in found) records.push(found.record);
    else unreadable.push({ store, key, why: found.why });
  });
  return { records, unreadable };
}

/** All at once where the browser can read all of them, else one by one. */
async function valuesOf(db: Database, store: CheckedStore, range: IDBKeyRange | undefined) {
  try {
    const tx = db.transaction(store);
    const [keys, values] = await Promise.all([
      tx.store.getAllKeys(range as never),
      tx.store.getAll(range as never),
      tx.done,
    ]);
    return { keys: keys as readonly IDBValidKey[], values };
  } catch (cause) {
    if (isClosed(cause)) throw storageError(`reading ${store}`, cause);
    const keys: readonly IDBValidKey[] = await db.getAllKeys(store, range);
    const values: unknown[] = [];
    for (const key of keys) values.push(await readValue(db, store, key));
    return { keys, values };
  }
}

/** A record's value as it is stored; `NO_VALUE` where the browser has it and cannot read it. */
async function readValue(db: Database, store: CheckedStore, key: IDBValidKey): Promise<unknown> {
  try {
    return await db.get(store, key as never);
  } catch (cause) {
    if (isClosed(cause)) throw storageError(`reading ${store}`, cause);
    return NO_VALUE;
  }
}
