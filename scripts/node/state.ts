import { mkdirSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import * as fake from "fake-indexeddb";
import { openDB } from "idb";
import { StudioError } from "../../src/common/errors/studioError";
import { DB_NAME, type Database } from "../../src/common/storage/db";
import { openStudioDb } from "../../src/common/storage/openDb";
import {
  deserialise,
  NO_VALUE,
  type DatabaseSchema,
  type Operation,
  type StoreSchema,
} from "./journalFormat";
import { extendNavigator } from "./navigator";
import { recordWrites } from "./recordWrites";
import { openJournal, type StateJournal } from "./stateJournal";
import { lockState } from "./stateLock";

/** An IndexedDB of this process whose records are kept in a folder. */
export interface NodeState {
  readonly folder: string;
  readonly close: () => void;
}

/** The classes idb and the storage code look for among the globals, over a database that is empty. */
function installGlobals(): void {
  const { IDBFactory: Factory } = fake;
  Object.assign(globalThis, {
    indexedDB: new Factory(),
    IDBCursor: fake.IDBCursor,
    IDBCursorWithValue: fake.IDBCursorWithValue,
    IDBDatabase: fake.IDBDatabase,
    IDBFactory: Factory,
    IDBIndex: fake.IDBIndex,
    IDBKeyRange: fake.IDBKeyRange,
    IDBObjectStore: fake.IDBObjectStore,
    IDBOpenDBRequest: fake.IDBOpenDBRequest,
    IDBRequest: fake.IDBRequest,
    IDBTransaction: fake.IDBTransaction,
    IDBVersionChangeEvent: fake.IDBVersionChangeEvent,
  });
}

/** The browser interface for free space, with the numbers of the disk. */
function installStorageManager(folder: string, journal: StateJournal): void {
  const estimate = async () => {
    const { bavail, bsize } = await statfs(folder);
    return { usage: journal.bytes(), quota: journal.bytes() + bavail * bsize };
  };
  const yes = () => Promise.resolve(true);
  extendNavigator({ storage: { estimate, persisted: yes, persist: yes } });
}

function storeSchema(store: IDBObjectStore): StoreSchema {
  const { name, keyPath, autoIncrement } = store;
  const indexes = Array.from(store.indexNames, (indexName) => {
    const { keyPath: path, unique, multiEntry } = store.index(indexName);
    return { name: indexName, keyPath: path, unique, multiEntry };
  });
  return { name, keyPath, autoIncrement, indexes };
}

/** How the database is made, read from an open one. */
function schemaOf(db: IDBDatabase): DatabaseSchema {
  const names = Array.from(db.objectStoreNames);
  const transaction = db.transaction(names);
  const stores = names.map((name) => storeSchema(transaction.objectStore(name)));
  return { version: db.version, stores };
}

/** A record as it was stored: a key that was generated is in it. */
function recordOf({ keyPath }: StoreSchema, key: IDBValidKey, bytes: Uint8Array): unknown {
  const value = deserialise(bytes);
  if (typeof keyPath === "string" && typeof value === "object" && value !== null) {
    if (!keyPath.includes(".") && !(keyPath in value)) Object.assign(value, { [keyPath]: key });
  }
  return value;
}

/** Makes the database from the journal. Deleted records are not read. */
async function replay(journal: StateJournal): Promise<void> {
  const alive = journal.alive();
  const schema = alive.schema();
  if (!schema) return;
  const db = await openDB(DB_NAME, schema.version, {
    upgrade(made) {
      for (const { name, keyPath, autoIncrement, indexes } of schema.stores) {
        const store = made.createObjectStore(name, { keyPath, autoIncrement });
        for (const { name: index, keyPath: path, unique, multiEntry } of indexes) {
          store.createIndex(index, path, { unique, multiEntry });
        }
      }
    },
  });
  for (const store of schema.stores) {
    const { store: target, done } = db.transaction(store.name, "readwrite");
    const outOfLine = store.keyPath === null;
    const put = (key: IDBValidKey, value: unknown) =>
      target.put(value, outOfLine ? key : undefined);
    const largest = alive.largestKey(store.name);
    if (store.autoIncrement && largest > 0 && typeof store.keyPath === "string") {
      await put(largest, { [store.keyPath]: largest }); // the generator goes on behind it
      await target.delete(largest);
    }
    for (const { key, at, length } of alive.records(store.name)) {
      await put(key, recordOf(store, key, journal.read(at, length)));
    }
    await done;
  }
  db.close();
}

/** Lets the studio make or upgrade its database, and keeps what that changed together with the new schema. */
async function upgrade(journal: StateJournal): Promise<void> {
  const changes: Operation[] = [];
  recordWrites((operations) => changes.push(...operations));
  const db: Database = await openStudioDb();
  // idb's wrapper has the members of the database it wraps
  const schema = schemaOf(db as unknown as IDBDatabase);
  if (schema.version !== journal.alive().schema()?.version) {
    journal.append([{ head: { kind: "schema", schema }, value: NO_VALUE }, ...changes]);
  }
  db.close();
}

let open: NodeState | undefined;

/**
 * Gives this process an IndexedDB, filled with what the folder's journal holds; from then on every committed
 * transaction is in the journal before its promise resolves. One state a process at a time.
 *
 * @param folder made when it is not there
 * @throws StudioError STORAGE_UNAVAILABLE while another process uses the folder or this one has a state open,
 * CHECKSUM_MISMATCH when the journal is damaged
 */
export async function openState(folder: string): Promise<NodeState> {
  if (open) {
    throw new StudioError(
      "STORAGE_UNAVAILABLE",
      `This process uses the state in ${open.folder}; it cannot open ${folder} beside it.`,
      "Close the first one before.",
    );
  }
  mkdirSync(folder, { recursive: true });
  const unlock = lockState(folder);
  let journal: StateJournal;
  try {
    journal = openJournal(join(folder, "journal"));
  } catch (thrown) {
    unlock();
    throw thrown;
  }
  const close = () => {
    recordWrites(undefined);
    journal.close();
    unlock();
    open = undefined;
  };
  open = { folder, close };
  try {
    recordWrites(undefined);
    installGlobals();
    installStorageManager(folder, journal);
    await replay(journal);
    await upgrade(journal);
    recordWrites((operations) => journal.append(operations));
    return open;
  } catch (thrown) {
    close();
    throw thrown;
  }
}
