import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StudioError } from "../errors/studioError";
import { encodeSafetensors, parseSafetensors, type SafetensorsTensor } from "./safetensors";

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
const fill = (shape: readonly number[], seed: number) =>
  Array.from(
    { length: shape.reduce((product, size) => product * size, 1) },
    (_, i) => (seed + i * 37) % 120,
  );

const tensors: fc.Arbitrary<SafetensorsTensor> = fc
  .tuple(
    shapes,
    fc.integer({ min: 0, max: 100 }),
    fc.constantFrom("F64", "F32", "F16", "BF16", "I64", "I32", "U8", "BOOL"),
  )
  .map(([shape, seed, dtype]): SafetensorsTensor => {
    const values = fill(shape, seed);
    switch (dtype) {
      case "F64":
        return { dtype, shape, data: Float64Array.from(values, (x) => x / 7) };
      case "F32":
        return { dtype, shape, data: Float32Array.from(values, (x) => x / 7) };
      case "F16":
      case "BF16":
        return { dtype, shape, data: Uint16Array.from(values) };
      case "I64":
        return { dtype, shape, data: BigInt64Array.from(values, (x) => BigInt(-x)) };
      case "I32":
        return { dtype, shape, data: Int32Array.from(values, (x) => -x) };
      case "U8":
        return { dtype, shape, data: Uint8Array.from(values) };
      case "BOOL":
        return { dtype, shape, data: Uint8Array.from(values, (x) => x % 2) };
    }
  });
const names = fc
  .oneof(fc.string({ maxLength: 8, unit: "grapheme" }), fc.constantFrom("__proto__", "7", "10"))
  .filter((name) => name !== "__metadata__");
const files = fc
  .array(fc.tuple(names, tensors), { maxLength: 5 })
  .map((entries) => new Map(entries));

/** A file whose header is given verbatim, for hand-made damage. */
function fileOf(header: string, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const out = new Uint8Array(8 + text.length + dataBytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  return out;
}
const info = (dtype: string, shape: number[], begin: number, end: number) =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

describe("round trip", () => {
  test("every dtype, shape and name comes back, at any address", () => {
    fc.assert(
      fc.property(files, fc.integer({ min: 0, max: 7 }), (map, shift) => {
        const encoded = new Uint8Array(encodeSafetensors(map, { b: "2", a: "1" }));
        const moved = new Uint8Array(encoded.length + shift);
        moved.set(encoded, shift);
        const back = parseSafetensors(moved.subarray(shift));
        expect(new Map(back.tensors)).toEqual(map);
        const fromNode = parseSafetensors(Buffer.from(moved.buffer, shift));
        expect(new Map(fromNode.tensors)).toEqual(map);
        expect(back.metadata).toEqual({ a: "1", b: "2" });
      }),
    );
  });

  test("bytes do not depend on insertion order, and data starts aligned", () => {
    fc.assert(
      fc.property(files, (map) => {
        const forward = encodeSafetensors(map);
        expect(encodeSafetensors(new Map([...map].reverse()))).toEqual(forward);
        expect(Number(new DataView(forward).getBigUint64(0, true)) % 8).toBe(0);
      }),
    );
  });

  test("refuses a shape that does not match the elements", () => {
    const wrong = { w: { dtype: "F32", shape: [2, 2], data: new Float32Array(3) } } as const;
    expect(() => encodeSafetensors(wrong)).toThrow(/"w" has shape \[2, 2\] and 3 elements/);
  });
});

describe("damaged files", () => {
  const intact = new Map<string, SafetensorsTensor>([
    ["a", { dtype: "F32", shape: [3], data: new Float32Array(3) }],
    ["b", { dtype: "U8", shape: [5], data: new Uint8Array(5) }],
  ]);

  test.each([
    [
      "a truncated tensor",
      new Uint8Array(encodeSafetensors(intact)).slice(0, -7),
      /"a" ends at byte 12 .* 7 bytes are missing/,
    ],
    [
      "a truncated header",
      new Uint8Array(encodeSafetensors(intact)).slice(0, 20),
      /bytes are missing/,
    ],
    ["a truncated length", new Uint8Array(3), /3 bytes.*5 are missing/],
    ["a huge header", new Uint8Array(16).fill(255), /claims 18446744073709551615 bytes/],
    ["no JSON", fileOf("{nope", 0), /not JSON/],
    ["a list", fileOf("[]", 0), /not an object/],
    ["an unknown dtype", fileOf(`{"x":${info("F8", [1], 0, 1)}}`, 1), /Tensor "x": dtype/],
    ["a negative size", fileOf(`{"x":${info("U8", [-1], 0, 1)}}`, 1), /Tensor "x": shape\.0/],
    [
      "a product past 2^53",
      fileOf(`{"x":${info("U8", [2 ** 52, 2 ** 52], 0, 1)}}`, 1),
      /"x".*needs/,
    ],
    [
      "a shape larger than its bytes",
      fileOf(`{"x":${info("F32", [4], 0, 8)}}`, 8),
      /needs 16 bytes.*hold 8/,
    ],
    [
      "an overlap",
      fileOf(`{"x":${info("U8", [4], 0, 4)},"y":${info("U8", [4], 2, 6)}}`, 6),
      /"y" overlaps.*byte 2, expected 4/,
    ],
    ["a gap", fileOf(`{"x":${info("U8", [4], 2, 6)}}`, 6), /"x" leaves a gap/],
    ["bytes left over", fileOf(`{"x":${info("U8", [4], 0, 4)}}`, 6), /2 bytes follow/],
    ["metadata that is no text", fileOf(`{"__metadata__":{"a":1}}`, 0), /__metadata__: a/],
  ])("%s is refused with its numbers", (_, bytes, message) => {
    expect(() => parseSafetensors(bytes)).toThrow(StudioError);
    expect(() => parseSafetensors(bytes)).toThrow(
      expect.objectContaining({ code: "BAD_SAFETENSORS" }),
    );
    expect(() => parseSafetensors(bytes)).toThrow(message);
  });

  test("random truncation always fails and random mutation never throws anything else", () => {
    const onlyStudioErrors = (bytes: Uint8Array) => {
      try {
        parseSafetensors(bytes);
        return false;
      } catch (error) {
        expect(error).toBeInstanceOf(StudioError);
        return true;
      }
    };
    fc.assert(
      fc.property(files, fc.nat(), fc.array(fc.tuple(fc.nat(), fc.nat(255))), (map, cut, edits) => {
        const bytes = new Uint8Array(encodeSafetensors(map));
        expect(onlyStudioErrors(bytes.slice(0, cut % bytes.length))).toBe(true);
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        onlyStudioErrors(bytes);
      }),
      { numRuns: 500 },
    );
  });
});
