import { expect, test } from "vitest";
import { blobStream, type ByteRange } from "../../common/formats/byteRange";
import { planChunks } from "../../common/formats/chunkPlan";
import { progressMeter, pullChunks, type DownloadProgress } from "./downloadWeights";

const FILE = Uint8Array.from({ length: 1000 }, (_, at) => (at * 7) % 256);

test("each chunk is handed over whole and in order; those that touch are one request", async () => {
  const source = blobStream("file", new Blob([FILE]));
  const asked: ByteRange[] = [];
  const counting = {
    ...source,
    // pieces that end anywhere
    async *read(range: ByteRange) {
      asked.push(range);
      for await (const piece of source.read(range)) {
        for (let at = 0; at < piece.byteLength; at += 33) yield piece.subarray(at, at + 33);
      }
    },
  };
  const chunks = planChunks(
    [
      { first: 10, end: 250 },
      { first: 600, end: 700 },
    ],
    100,
    0,
  );
  const got: [ByteRange, Uint8Array][] = [];
  let bytes = 0;
  await pullChunks(
    counting,
    chunks,
    (chunk, its) => Promise.resolve(void got.push([chunk, its])),
    (count) => (bytes += count),
  );
  expect(got.map(([chunk]) => chunk)).toEqual(chunks);
  for (const [{ first, end }, its] of got) expect(its).toEqual(FILE.slice(first, end));
  expect(asked).toEqual([
    { first: 10, end: 250 },
    { first: 600, end: 700 },
  ]);
  expect(bytes).toBe(340);
});

test("a sink that fails ends the pull", async () => {
  const source = blobStream("file", new Blob([FILE]));
  const full = () => Promise.reject(new Error("full"));
  await expect(pullChunks(source, [{ first: 0, end: 10 }], full, () => undefined)).rejects.toThrow(
    "full",
  );
});

test("progress counts what was kept, its speed only what arrives, and the end is always told", () => {
  let ms = 0;
  const told: DownloadProgress[] = [];
  const count = progressMeter(
    () => ms,
    5000,
    8000,
    (progress) => told.push(progress),
  );
  for (const at of [100, 150, 300, 310]) {
    ms = at;
    count(at === 310 ? 2700 : 100);
  }
  expect(told.map(({ doneBytes }) => doneBytes)).toEqual([5100, 5300, 8000]);
  expect(told[1]?.bytesPerSecond).toBe(1000);
  ms = 60_000;
  count(0);
  expect(told.at(-1)?.bytesPerSecond).toBeLessThan(100);
});
