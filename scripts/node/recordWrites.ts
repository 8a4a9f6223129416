import {
  IDBCursor as FakeCursor,
  IDBDatabase as FakeDatabase,
  IDBKeyRange as FakeKeyRange,
  IDBObjectStore as FakeStore,
} from "fake-indexeddb";
import {
  NO_VALUE,
  serialise,
  type KeyBounds,
  type Operation,
  type OperationHead,
} from "./journalFormat";

/** Told of every transaction that changed something, before anybody else hears that it is complete. */
export type OnCommit = (operations: readonly Operation[]) => void;

let onCommit: OnCommit | undefined;
const pending = new WeakMap<IDBTransaction, Operation[]>();

function wrapMethod<T extends object, K extends keyof T>(
  prototype: T,
  name: K,
  wrap: (original: T[K]) => T[K],
): void {
  prototype[name] = wrap(prototype[name]);
}

const boundsOf = ({ lower, upper, lowerOpen, upperOpen }: KeyBounds): KeyBounds => ({
  lower,
  upper,
  lowerOpen,
  upperOpen,
});

const deletion = (store: string, query: IDBValidKey | IDBKeyRange): OperationHead =>
  query instanceof FakeKeyRange
    ? { kind: "deleteRange", store, bounds: boundsOf(query) }
    : { kind: "delete", store, key: query };

/** Adds an operation to its transaction once its request succeeded: in the order they took effect. */
function record(
  transaction: IDBTransaction,
  request: IDBRequest,
  head: () => OperationHead,
  value: Uint8Array = NO_VALUE,
): void {
  request.addEventListener("success", () => {
    pending.get(transaction)?.push({ head: head(), value });
  });
}

/** Makes the transaction fail with `cause`, so that its caller knows that nothing is stored. */
function failInstead(transaction: IDBTransaction, complete: Event, cause: unknown): void {
  complete.stopImmediatePropagation();
  const full = cause instanceof Error && "code" in cause && cause.code === "ENOSPC";
  const message = cause instanceof Error ? cause.message : String(cause);
  const error = new DOMException(message, full ? "QuotaExceededError" : "UnknownError");
  Object.assign(transaction, { error });
  // the library's own kind of event: it takes no other
  const EventOfLibrary = complete.constructor as new (type: string) => Event;
  transaction.dispatchEvent(new EventOfLibrary("abort"));
}

function commit(transaction: IDBTransaction, complete: Event): void {
  const operations = pending.get(transaction) ?? [];
  try {
    if (operations.length > 0) onCommit?.(operations);
  } catch (thrown) {
    failInstead(transaction, complete, thrown);
  }
}

let installed = false;

/** Puts the recording around the library's own methods, once a process. */
function install(): void {
  if (installed) return;
  installed = true;
  wrapMethod(
    FakeDatabase.prototype,
    "transaction",
    (original) =>
      function (this: IDBDatabase, ...args) {
        const transaction = original.apply(this, args);
        if (onCommit === undefined || transaction.mode === "readonly") return transaction;
        pending.set(transaction, []);
        // the first listener: the write is in the journal before any other listener runs
        transaction.addEventListener("complete", (event) => commit(transaction, event));
        return transaction;
      },
  );
  const putting = (original: IDBObjectStore["put"]): IDBObjectStore["put"] =>
    function (this: IDBObjectStore, ...args) {
      const recording = pending.has(this.transaction);
      const value = recording ? serialise(args[0]) : NO_VALUE; // as it is now: the caller may change it later
      const request = original.apply(this, args);
      const head = (): OperationHead => ({ kind: "put", store: this.name, key: request.result });
      if (recording) record(this.transaction, request, head, value);
      return request;
    };
  wrapMethod(FakeStore.prototype, "put", putting);
  wrapMethod(FakeStore.prototype, "add", putting);
  wrapMethod(
    FakeStore.prototype,
    "delete",
    (original) =>
      function (this: IDBObjectStore, query) {
        const request = original.call(this, query);
        record(this.transaction, request, () => deletion(this.name, query));
        return request;
      },
  );
  wrapMethod(
    FakeStore.prototype,
    "clear",
    (original) =>
      function (this: IDBObjectStore) {
        const request = original.call(this);
        record(this.transaction, request, () => ({ kind: "clear", store: this.name }));
        return request;
      },
  );
  const storeOf = ({ source }: IDBCursor): IDBObjectStore =>
    "objectStore" in source ? source.objectStore : source;
  wrapMethod(
    FakeCursor.prototype,
    "update",
    (original) =>
      function (this: IDBCursor, value: unknown) {
        const store = storeOf(this);
        const key = this.primaryKey;
        const bytes = serialise(value);
        const request = original.call(this, value);
        record(store.transaction, request, () => ({ kind: "put", store: store.name, key }), bytes);
        return request;
      },
  );
  wrapMethod(
    FakeCursor.prototype,
    "delete",
    (original) =>
      function (this: IDBCursor) {
        const store = storeOf(this);
        const key = this.primaryKey;
        const request = original.call(this);
        record(store.transaction, request, () => ({ kind: "delete", store: store.name, key }));
        return request;
      },
  );
}

/**
 * Tells `listener` of the writes of every transaction begun from now on, whatever database of the library it is of;
 * undefined: of none. What the listener throws becomes the transaction's failure.
 */
export function recordWrites(listener: OnCommit | undefined): void {
  install();
  onCommit = listener;
}
