import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from "node:fs";
import { crc32 } from "node:zlib";
import { StudioError } from "../../src/common/errors/studioError";
import { createAliveRecords, type AliveRecords } from "./aliveRecords";
import {
  ENTRY_HEADER_BYTES,
  entryHeader,
  FILE_MAGIC,
  frame,
  NO_VALUE,
  readEntryHeader,
  readFrames,
  type Operation,
} from "./journalFormat";

/** Bytes of a journal, beside twice those of its records, from which on it is written again. */
const SLACK_BYTES = 16 * 2 ** 20;

function writeAll(file: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(file, bytes, done, bytes.length - done, at + done);
  }
}

function readAll(file: number, at: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const read = readSync(file, out, done, length - done, at + done);
    if (read === 0) throw new RangeError(`the journal ends at ${at + done}`);
    done += read;
  }
  return out;
}

const damaged = (path: string, at: number) =>
  new StudioError(
    "CHECKSUM_MISMATCH",
    `${path} is damaged at byte ${at}: what follows cannot be believed.`,
    "Delete the state folder and start again: caches and runs in it are computed anew.",
  );

/** Writes operations as one entry. @returns where it ends; `alive` knows their places by then */
function writeEntry(
  file: number,
  at: number,
  operations: readonly Operation[],
  alive: AliveRecords,
): number {
  const frames = operations.map((operation) => ({ ...frame(operation), operation }));
  let crc = 0;
  let payloadBytes = 0;
  for (const { parts } of frames) {
    for (const part of parts) {
      crc = crc32(part, crc);
      payloadBytes += part.length;
    }
  }
  writeAll(file, entryHeader(crc, payloadBytes), at);
  let end = at + ENTRY_HEADER_BYTES;
  const places: number[] = [];
  for (const { parts, valueAt } of frames) {
    places.push(end + valueAt);
    for (const part of parts) {
      writeAll(file, part, end);
      end += part.length;
    }
  }
  // only now: an entry that could not be written changes nothing
  operations.forEach(({ head, value }, i) => alive.apply(head, places[i] ?? 0, value.length));
  return end;
}

/** Reads every whole entry into `alive`. @returns where the last one ends: behind it is what a cut left */
function scan(path: string, file: number, size: number, alive: AliveRecords): number {
  const magic = size < FILE_MAGIC.length ? NO_VALUE : readAll(file, 0, FILE_MAGIC.length);
  if (!FILE_MAGIC.every((byte, i) => byte === magic[i])) throw damaged(path, 0);
  let at = FILE_MAGIC.length;
  while (at + ENTRY_HEADER_BYTES <= size) {
    const header = readEntryHeader(readAll(file, at, ENTRY_HEADER_BYTES));
    if (!header) throw damaged(path, at);
    const from = at + ENTRY_HEADER_BYTES;
    if (from + header.payloadBytes > size) return at;
    const payload = readAll(file, from, header.payloadBytes);
    const end = from + header.payloadBytes;
    if (crc32(payload) !== header.crc) {
      if (end === size) return at; // the last one: its bytes never reached the disk
      throw damaged(path, at);
    }
    for (const { head, valueAt, length } of readFrames(payload)) {
      alive.apply(head, from + valueAt, length);
    }
    at = end;
  }
  return at;
}

/** Copies the records that are not deleted into a new file, and replaces the old one by it. */
function rewrite(path: string, old: number, alive: AliveRecords) {
  const beside = `${path}.new`;
  const file = openSync(beside, "w+");
  const fresh = createAliveRecords();
  writeAll(file, FILE_MAGIC, 0);
  let end = FILE_MAGIC.length;
  const add = (operation: Operation) => (end = writeEntry(file, end, [operation], fresh));
  const schema = alive.schema();
  if (schema) add({ head: { kind: "schema", schema }, value: NO_VALUE });
  for (const { name: store } of schema?.stores ?? []) {
    const key = alive.largestKey(store);
    if (key > 0) add({ head: { kind: "generator", store, key }, value: NO_VALUE });
    for (const place of alive.records(store)) {
      const value = readAll(old, place.at, place.length);
      add({ head: { kind: "put", store, key: place.key }, value });
    }
  }
  renameSync(beside, path);
  closeSync(old);
  return { file, end, alive: fresh };
}

/**
 * Committed transactions in one file that only grows, until it is written anew without what is dead. An append has
 * reached the operating system when it returns: a killed process loses nothing. As Chromium's IndexedDB does by
 * default, it does not wait for the disk itself, so a power cut may lose the last entries, whole.
 *
 * @param slackBytes how much may be dead beside twice what is alive
 * @throws StudioError CHECKSUM_MISMATCH when an entry before the last is damaged; a torn last one is dropped
 */
export function openJournal(path: string, slackBytes = SLACK_BYTES) {
  let file = openSync(path, existsSync(path) ? "r+" : "w+");
  let alive = createAliveRecords();
  const { size } = fstatSync(file);
  // a file cut within its first bytes holds nothing
  if (size < FILE_MAGIC.length) writeAll(file, FILE_MAGIC, 0);
  let end = size < FILE_MAGIC.length ? FILE_MAGIC.length : scan(path, file, size, alive);
  ftruncateSync(file, end);

  const compactIfWorth = () => {
    if (end <= 2 * alive.bytes() + slackBytes) return;
    ({ file, end, alive } = rewrite(path, file, alive));
  };
  compactIfWorth();

  return {
    /** Keeps the operations, all or none. @throws what the file system does, with the journal as it was before */
    append(operations: readonly Operation[]): void {
      if (operations.length === 0) return;
      try {
        end = writeEntry(file, end, operations, alive);
      } catch (thrown) {
        ftruncateSync(file, end);
        throw thrown;
      }
      compactIfWorth();
    },
    alive: () => alive,
    read: (at: number, length: number): Uint8Array => readAll(file, at, length),
    bytes: () => end,
    close: () => closeSync(file),
  };
}

export type StateJournal = ReturnType<typeof openJournal>;
