import fc from "fast-check";
import { expect, test } from "vitest";
import { goldenWeights } from "../../../e2e/hub/standIns";
import { blobStream, rangeBytes, readRange, withHead, type ByteRange } from "./byteRange";
import { planChunks, planWeights, readHead, runsOf } from "./chunkPlan";
import { encodeSafetensors, parseSafetensorsHeader } from "./safetensors";

const FILE_BYTES = 400;
const ranges = fc.array(
  fc
    .tuple(fc.nat(FILE_BYTES), fc.nat(FILE_BYTES))
    .map(([a, b]): ByteRange => ({ first: Math.min(a, b), end: Math.max(a, b) })),
  { maxLength: 12 },
);

/** How often each byte is in one of the ranges. */
function cover(all: readonly ByteRange[]): number[] {
  const counts = new Array<number>(FILE_BYTES + 1).fill(0);
  for (const { first, end } of all)
    for (let at = first; at < end; at++) counts[at] = (counts[at] ?? 0) + 1;
  return counts;
}

test("every needed byte is in exactly one chunk, chunks are bounded, gaps between them were not needed", () => {
  fc.assert(
    fc.property(ranges, fc.integer({ min: 1, max: 90 }), fc.nat(40), (needed, size, join) => {
      const chunks = planChunks(needed, size, join);
      const wanted = cover(needed);
      const got = cover(chunks);
      expect(got.every((count, at) => count <= 1 && (wanted[at] === 0 || count === 1))).toBe(true);
      expect(chunks.every((chunk) => rangeBytes(chunk) > 0 && rangeBytes(chunk) <= size)).toBe(
        true,
      );
      expect(chunks).toEqual([...chunks].sort((a, b) => a.first - b.first));
      // what is read through is never a longer gap than was allowed
      const unneeded = got
        .map((count, at) => (count === 1 && wanted[at] === 0 ? "x" : " "))
        .join("");
      expect(unneeded.split(" ").every((gap) => gap.length <= join)).toBe(true);
    }),
  );
});

test("runs are the chunks joined where they touch", () => {
  fc.assert(
    fc.property(ranges, fc.integer({ min: 1, max: 90 }), (needed, size) => {
      const chunks = planChunks(needed, size, 0);
      const runs = runsOf(chunks);
      expect(cover(runs)).toEqual(cover(chunks));
      runs.slice(1).forEach((run, at) => expect(run.first).toBeGreaterThan(runs[at]?.end ?? 0));
    }),
  );
});

const floats = (count: number) => ({
  dtype: "F32" as const,
  shape: [count],
  data: new Float32Array(count),
});

test("a file of which little is surplus is taken whole, of others only what is needed", () => {
  const bytes = new Uint8Array(
    encodeSafetensors({ a: floats(300_000), text: floats(300_000), z: floats(300_000) }),
  );
  const header = parseSafetensorsHeader(bytes, bytes.byteLength);
  const whole = planWeights(header, bytes.byteLength, () => true);
  expect(whole).toMatchObject({ whole: true, leftOut: [] });
  expect(whole.chunks).toEqual([{ first: 0, end: bytes.byteLength }]);
  const part = planWeights(header, bytes.byteLength, (name) => name !== "text");
  expect(part).toMatchObject({ whole: false, leftOut: ["text"] });
  expect(part.chunks.map(rangeBytes)).toEqual([1_200_000, 1_200_000]);
  expect(part.tensors[0]?.begin).toBe(header.dataStart);
});

test("a header longer than the first guess is read to its end, once", async () => {
  const names = Array.from(
    { length: 3000 },
    (_, at) => [`a.rather.long.name.${at}`, floats(1)] as const,
  );
  const bytes = new Uint8Array(encodeSafetensors(new Map(names)));
  const asked: ByteRange[] = [];
  const source = blobStream("long", new Blob([bytes]));
  const head = await readHead({
    ...source,
    read: (range) => {
      asked.push(range);
      return source.read(range);
    },
  });
  expect(head.header.entries).toHaveLength(3000);
  expect(head.bytes.byteLength).toBe(head.header.dataStart);
  expect(
    Math.max(...cover(asked.map(({ first, end }) => ({ first: first / 1e3, end: end / 1e3 })))),
  ).toBe(1);
});

test("bytes read for the header are not read again", async () => {
  const bytes = goldenWeights("encoders/dinov2");
  const source = blobStream("dinov2", new Blob([bytes.slice()]));
  const known = withHead(source, bytes.subarray(0, 1000));
  for (const range of [
    { first: 0, end: 400 },
    { first: 900, end: 1100 },
    { first: 2000, end: 2010 },
  ]) {
    expect(await readRange(known, range)).toEqual(bytes.slice(range.first, range.end));
  }
  const noHead = { ...source, read: () => expect.unreachable("read again") };
  await readRange(withHead(noHead, bytes), { first: 5, end: 500 });
});
