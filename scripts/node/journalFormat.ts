import { Deserializer, Serializer } from "node:v8";

/**
 * What a journal entry says, as bytes. An entry is one committed transaction: a header and its operations; an
 * operation is a head (which record) and, for `put`, the record's value in V8's own form of the structured clone.
 */

/** A store as it has to be made again. */
export interface StoreSchema {
  readonly name: string;
  readonly keyPath: string | string[] | null;
  readonly autoIncrement: boolean;
  readonly indexes: readonly {
    readonly name: string;
    readonly keyPath: string | string[];
    readonly unique: boolean;
    readonly multiEntry: boolean;
  }[];
}

export interface DatabaseSchema {
  readonly version: number;
  readonly stores: readonly StoreSchema[];
}

/** An IDBKeyRange as plain data; an absent bound is undefined. */
export interface KeyBounds {
  readonly lower: unknown;
  readonly upper: unknown;
  readonly lowerOpen: boolean;
  readonly upperOpen: boolean;
}

export type OperationHead =
  | { readonly kind: "schema"; readonly schema: DatabaseSchema }
  | { readonly kind: "put"; readonly store: string; readonly key: IDBValidKey }
  | { readonly kind: "delete"; readonly store: string; readonly key: IDBValidKey }
  | { readonly kind: "deleteRange"; readonly store: string; readonly bounds: KeyBounds }
  | { readonly kind: "clear"; readonly store: string }
  /** The largest key a store with a key generator gave: it must not give it again, even when its record is gone. */
  | { readonly kind: "generator"; readonly store: string; readonly key: number };

export interface Operation {
  readonly head: OperationHead;
  /** The value's bytes; empty unless the head is a `put`. */
  readonly value: Uint8Array;
}

export const NO_VALUE = new Uint8Array(0);

/** A value as IndexedDB clones it. Buffers inside are copied as bytes, so a view brings its whole buffer. */
export function serialise(value: unknown): Uint8Array {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

export function deserialise(bytes: Uint8Array): unknown {
  const deserializer = new Deserializer(bytes);
  deserializer.readHeader();
  return deserializer.readValue() as unknown;
}

export const FILE_MAGIC = new TextEncoder().encode("REPAJ001");
/** Magic, CRC-32 of the payload, the payload's length as float64: lengths may pass 32 bits. */
export const ENTRY_HEADER_BYTES = 16;
const ENTRY_MAGIC = 0x4a524e4c;
/** Length of the head, then of the value as float64. */
const FRAME_HEADER_BYTES = 12;

export function entryHeader(crc: number, payloadBytes: number): Uint8Array {
  const out = new Uint8Array(ENTRY_HEADER_BYTES);
  const view = new DataView(out.buffer);
  view.setUint32(0, ENTRY_MAGIC);
  view.setUint32(4, crc);
  view.setFloat64(8, payloadBytes);
  return out;
}

/** @returns undefined when the bytes are no entry's header */
export function readEntryHeader(
  bytes: Uint8Array,
): { readonly crc: number; readonly payloadBytes: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== ENTRY_MAGIC) return undefined;
  return { crc: view.getUint32(4), payloadBytes: view.getFloat64(8) };
}

/** An operation's bytes in order, without copying its value; `valueAt` counts from the frame's first byte. */
export function frame({ head, value }: Operation): {
  readonly parts: readonly Uint8Array[];
  readonly valueAt: number;
} {
  const headBytes = serialise(head);
  const lengths = new Uint8Array(FRAME_HEADER_BYTES);
  const view = new DataView(lengths.buffer);
  view.setUint32(0, headBytes.length);
  view.setFloat64(4, value.length);
  return { parts: [lengths, headBytes, value], valueAt: FRAME_HEADER_BYTES + headBytes.length };
}

/** The operations of an entry's payload; `valueAt` counts from the payload's first byte. */
export function* readFrames(
  payload: Uint8Array,
): Generator<{ readonly head: OperationHead; readonly valueAt: number; readonly length: number }> {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  for (let at = 0; at < payload.length;) {
    const headBytes = view.getUint32(at);
    const length = view.getFloat64(at + 4);
    const headAt = at + FRAME_HEADER_BYTES;
    const valueAt = headAt + headBytes;
    // written by this file, and its checksum held
    const head = deserialise(payload.subarray(headAt, valueAt)) as OperationHead;
    yield { head, valueAt, length };
    at = valueAt + length;
  }
}
