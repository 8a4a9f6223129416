import { expect, test } from "vitest";
import { HUB_SOURCES, HUGGING_FACE, isFrom } from "./hosts";
import { retryDelayMs } from "./failures";

test.each([
  ["https://huggingface.co/a/b", true],
  ["https://cdn-lfs.hf.co/x?Expires=1", true],
  ["https://cas-bridge.xethub.hf.co/x", true],
  ["https://datasets-server.huggingface.co/parquet", true],
  ["http://huggingface.co/a/b", false],
  ["https://huggingface.co:8443/a", false],
  ["https://cdn-lfs.hf.co:8443/a", false],
  ["https://hf.co/a", false],
  ["https://evilhf.co/a", false],
  ["https://hf.co.example.com/a", false],
  ["https://huggingface.co@example.com/a", false],
  ["https://user.hf.space/a", false],
  ["blob:https://huggingface.co/1", false],
  ["not an address", false],
])("%s belongs to the hub: %s", (url, expected) => {
  expect(isFrom(url, HUB_SOURCES)).toBe(expected);
});

test("the client's own addresses are on the list", () => {
  expect(
    isFrom(HUGGING_FACE.hub, HUB_SOURCES) && isFrom(HUGGING_FACE.datasetsServer, HUB_SOURCES),
  ).toBe(true);
});

test.each([
  [null, null],
  ["", null],
  ["soon", null],
  ["3", 3000],
  ["0", 0],
  ["86400", 120_000],
  ["Thu, 01 Jan 1970 00:00:11 GMT", 10_000],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
])("Retry-After %s is a pause of %s ms", (header, expected) => {
  expect(retryDelayMs(header, 1000)).toBe(expected);
});
