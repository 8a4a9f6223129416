import { expect, test } from "vitest";
import { missingParts, type BrowserParts } from "./requirements";

const WHOLE: BrowserParts = {
  crypto: { randomUUID: () => "", subtle: {} },
  navigator: { storage: {}, locks: {} },
  indexedDB: {},
  Worker: {},
  WebAssembly: {},
};

test("a browser that has everything lacks nothing", () => {
  expect(missingParts(WHOLE)).toEqual([]);
});

test("what a page over plain http from another machine lacks is named", () => {
  const insecure = { ...WHOLE, crypto: {}, navigator: {} };
  expect(missingParts(insecure).map(({ name }) => name)).toEqual([
    "crypto.subtle",
    "crypto.randomUUID",
    "navigator.storage",
    "navigator.locks",
  ]);
});

test("storage that a browser switches off is named", () => {
  expect(missingParts({ ...WHOLE, indexedDB: null }).map(({ name }) => name)).toEqual([
    "IndexedDB",
  ]);
});
