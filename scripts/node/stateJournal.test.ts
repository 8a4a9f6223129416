import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { indexedDB } from "fake-indexeddb";
import { expect, test } from "vitest";
import { deserialise, NO_VALUE, serialise, type Operation } from "./journalFormat";
import { openJournal, type StateJournal } from "./stateJournal";

const newPath = () => join(mkdtempSync(join(tmpdir(), "journal-")), "journal");

const put = (store: string, key: IDBValidKey, value: unknown): Operation => ({
  head: { kind: "put", store, key },
  value: serialise(value),
});
const plain = (head: Operation["head"]): Operation => ({ head, value: NO_VALUE });
const SCHEMA = plain({
  kind: "schema",
  schema: {
    version: 1,
    stores: [{ name: "log", keyPath: "id", autoIncrement: true, indexes: [] }],
  },
});

const contents = (journal: StateJournal, store: string) =>
  journal
    .alive()
    .records(store)
    .map(({ key, at, length }) => [key, deserialise(journal.read(at, length))])
    .sort((a, b) => indexedDB.cmp(a[0], b[0]));

test("what was appended is there after opening again, and the last write of a key counts", () => {
  const path = newPath();
  const first = openJournal(path);
  first.append([put("runs", "a", { step: 1 }), put("runs", "b", { step: 2 })]);
  first.append([put("runs", "a", { step: 3 }), plain({ kind: "delete", store: "runs", key: "b" })]);
  first.close();
  const again = openJournal(path);
  expect(contents(again, "runs")).toEqual([["a", { step: 3 }]]);
  again.close();
});

test("compound keys, ranges and clear", () => {
  const path = newPath();
  const journal = openJournal(path);
  for (const run of ["a", "b"]) {
    for (const step of [1, 2, 10]) journal.append([put("grids", [run, step], step)]);
  }
  const bounds = {
    lower: ["a", 2],
    upper: ["a", Infinity],
    lowerOpen: false,
    upperOpen: false,
  };
  journal.append([plain({ kind: "deleteRange", store: "grids", bounds })]);
  journal.append([put("runs", "a", 1), plain({ kind: "clear", store: "runs" })]);
  const expected = [
    [["a", 1], 1],
    [["b", 1], 1],
    [["b", 2], 2],
    [["b", 10], 10],
  ];
  expect(contents(journal, "grids")).toEqual(expected);
  journal.close();
  const again = openJournal(path);
  expect(contents(again, "grids")).toEqual(expected);
  expect(contents(again, "runs")).toEqual([]);
  again.close();
});

test("wherever the last entry is cut, the entries before it are all there and appending goes on", () => {
  const path = newPath();
  const whole = openJournal(path);
  whole.append([put("runs", "a", 1)]);
  const kept = whole.bytes();
  whole.append([put("runs", "a", 2), put("runs", "b", new Uint8Array(40))]);
  const end = whole.bytes();
  whole.close();
  const bytes = readFileSync(path);
  expect(bytes.length).toBe(end);
  for (let cut = kept; cut < end; cut++) {
    writeFileSync(path, bytes.subarray(0, cut));
    const journal = openJournal(path);
    expect(contents(journal, "runs")).toEqual([["a", 1]]);
    journal.append([put("runs", "c", cut)]);
    journal.close();
    const again = openJournal(path);
    expect(contents(again, "runs")).toEqual([
      ["a", 1],
      ["c", cut],
    ]);
    again.close();
  }
});

test("a damaged entry before the last is named; a last one whose bytes never came is dropped", () => {
  const path = newPath();
  const journal = openJournal(path);
  journal.append([put("runs", "a", 1)]);
  const firstEnd = journal.bytes();
  journal.append([put("runs", "b", 2)]);
  journal.close();
  const bytes = readFileSync(path);
  const flipped = (at: number) => bytes.map((byte, i) => (i === at ? byte ^ 0xff : byte));
  writeFileSync(path, flipped(firstEnd - 1));
  expect(() => openJournal(path)).toThrow("is damaged at byte 8");
  writeFileSync(path, flipped(bytes.length - 1));
  const again = openJournal(path);
  expect(contents(again, "runs")).toEqual([["a", 1]]);
  again.close();
  writeFileSync(path, "something else entirely");
  expect(() => openJournal(path)).toThrow("is damaged at byte 0");
});

test("dead records are left behind, what is alive stays, and the key generator does not go back", () => {
  const path = newPath();
  const journal = openJournal(path, 4096);
  journal.append([SCHEMA, put("log", 1, { text: "kept" })]);
  for (let i = 0; i < 100; i++) journal.append([put("log", 2 + (i % 3), new Uint8Array(1000))]);
  journal.append([plain({ kind: "delete", store: "log", key: 4 })]);
  expect(statSync(path).size).toBeLessThan(2 * journal.alive().bytes() + 4096 + 1200);
  journal.close();
  const again = openJournal(path, 0); // written anew at once
  expect(statSync(path).size).toBe(again.bytes());
  expect(again.alive().largestKey("log")).toBe(4);
  expect(contents(again, "log")).toEqual([
    [1, { text: "kept" }],
    [2, new Uint8Array(1000)],
    [3, new Uint8Array(1000)],
  ]);
  again.close();
});

test("an entry that cannot be written changes nothing", () => {
  const journal = openJournal(newPath());
  journal.append([put("runs", "a", 1)]);
  const { bytes, close } = journal;
  const before = bytes();
  close();
  expect(() => journal.append([put("runs", "b", 2)])).toThrow("EBADF");
  expect(bytes()).toBe(before);
  expect(journal.alive().records("runs")).toHaveLength(1);
});

test("a file of a few bytes is a journal cut at its first write", () => {
  const path = newPath();
  appendFileSync(path, "REP");
  const journal = openJournal(path);
  journal.append([put("runs", "a", 1)]);
  journal.close();
  truncateSync(path, statSync(path).size - 1);
  const again = openJournal(path);
  expect(contents(again, "runs")).toEqual([]);
  again.close();
});
