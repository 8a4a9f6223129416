import { IDBKeyRange as KeyRange } from "fake-indexeddb";
import { StudioError } from "../../src/common/errors/studioError";
import type { DatabaseSchema, KeyBounds, OperationHead } from "./journalFormat";

/** Where a record's value lies in the journal. */
export interface RecordPlace {
  readonly key: IDBValidKey;
  readonly at: number;
  readonly length: number;
}

/** Bytes an operation takes beside its value, roughly: lengths, store, key, its entry's header. */
const OVERHEAD_BYTES = 100;

/** A key as text: the same key gives the same text, and other keys another. */
function keyId(key: unknown): string {
  if (typeof key === "number") return String(key);
  if (typeof key === "string") return JSON.stringify(key);
  if (Array.isArray(key)) return `[${key.map(keyId).join(",")}]`;
  throw new StudioError(
    "INTERNAL",
    `A key of type ${typeof key} cannot be kept on disk.`,
    "Use numbers, text and lists of them as keys.",
  );
}

function rangeOf({ lower, upper, lowerOpen, upperOpen }: KeyBounds): IDBKeyRange {
  if (lower === undefined) return KeyRange.upperBound(upper, upperOpen);
  if (upper === undefined) return KeyRange.lowerBound(lower, lowerOpen);
  return KeyRange.bound(lower, upper, lowerOpen, upperOpen);
}

/**
 * The result of a journal's operations, applied in order: the schema, and the place of every record that is not
 * deleted.
 */
export function createAliveRecords() {
  let schema: DatabaseSchema | undefined;
  let bytes = 0;
  const stores = new Map<string, Map<string, RecordPlace>>();
  const generators = new Map<string, number>();

  const storeOf = (name: string) => {
    const known = stores.get(name) ?? new Map<string, RecordPlace>();
    stores.set(name, known);
    return known;
  };
  const drop = (store: Map<string, RecordPlace>, id: string) => {
    const place = store.get(id);
    if (!place) return;
    bytes -= place.length + OVERHEAD_BYTES;
    store.delete(id);
  };
  const dropAll = (name: string) => {
    const store = storeOf(name);
    for (const id of [...store.keys()]) drop(store, id);
  };
  const put = (name: string, key: IDBValidKey, at: number, length: number) => {
    const store = storeOf(name);
    const id = keyId(key);
    drop(store, id);
    store.set(id, { key, at, length });
    bytes += length + OVERHEAD_BYTES;
    if (typeof key === "number") generators.set(name, Math.max(generators.get(name) ?? 0, key));
  };
  const takeSchema = (next: DatabaseSchema) => {
    schema = next;
    const names = new Set(next.stores.map(({ name }) => name));
    for (const name of [...stores.keys()].filter((known) => !names.has(known))) {
      dropAll(name);
      stores.delete(name);
      generators.delete(name);
    }
  };

  return {
    /** @param at where the operation's value lies in the file */
    apply(head: OperationHead, at: number, length: number): void {
      switch (head.kind) {
        case "schema":
          return takeSchema(head.schema);
        case "put":
          return put(head.store, head.key, at, length);
        case "delete":
          return drop(storeOf(head.store), keyId(head.key));
        case "deleteRange": {
          const store = storeOf(head.store);
          const range = rangeOf(head.bounds);
          for (const [id, { key }] of [...store]) if (range.includes(key)) drop(store, id);
          return;
        }
        case "clear":
          return dropAll(head.store);
        case "generator":
          generators.set(head.store, Math.max(generators.get(head.store) ?? 0, head.key));
      }
    },
    schema: () => schema,
    /** Bytes a journal of these records alone takes, roughly. */
    bytes: () => bytes,
    records: (store: string): readonly RecordPlace[] => [...storeOf(store).values()],
    /** The largest number a store's keys reached; 0 when it had none. */
    largestKey: (store: string): number => generators.get(store) ?? 0,
  };
}

export type AliveRecords = ReturnType<typeof createAliveRecords>;
