import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StudioError } from "../errors/studioError";
import { planWeights } from "./chunkPlan";
import {
  encodeSafetensors,
  parseSafetensors,
  parseSafetensorsHeader,
  type SafetensorsTensor,
} from "./safetensors";
import { tensorSourceOf } from "./tensorSource";

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

describe("files that other tools write", () => {
  test("a type that is not read matters only when its tensor is wanted", async () => {
    const header = `{"x":${info("F32", [1], 0, 4)},"y":${info("F8_E4M3", [3], 4, 7)},"z":${info("F4", [2], 7, 8)}}`;
    const bytes = fileOf(header, 8);
    const { tensors, foreign } = parseSafetensors(bytes);
    expect([...tensors.keys()]).toEqual(["x"]);
    expect(foreign).toEqual([
      { name: "y", dtype: "F8_E4M3" },
      { name: "z", dtype: "F4" },
    ]);
    const source = tensorSourceOf("m.safetensors", bytes);
    await expect(source.read("y")).rejects.toThrow(/"y" is F8_E4M3, which is not read/);
    await expect(source.read("w")).rejects.toMatchObject({ code: "PARAM_MISSING" });
    const parsed = parseSafetensorsHeader(bytes, bytes.length);
    expect(parsed.problems).toEqual([expect.stringMatching(/F8_E4M3, F4 \(2 of/) as string]);
    expect(() => planWeights(parsed, bytes.length, (name) => name === "z")).toThrow(/"z" is F4/);
    expect(planWeights(parsed, bytes.length, (name) => name === "x").tensors.length).toBe(1);
  });

  test("metadata that are null or no text are read as text, and named", () => {
    const of = (metadata: string) => {
      const bytes = fileOf(`{"__metadata__":${metadata}}`, 0);
      return parseSafetensorsHeader(bytes, bytes.length);
    };
    expect(of("null").metadata).toEqual({});
    const { metadata, problems } = of(`{"step":12,"format":"pt","list":[1]}`);
    expect(metadata).toEqual({ step: "12", format: "pt", list: "[1]" });
    expect(problems).toEqual([expect.stringMatching(/step, list/) as string]);
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
    ["a dtype that is none", fileOf(`{"x":${info("f8!", [1], 0, 1)}}`, 1), /Tensor "x": dtype/],
    [
      "a key given twice",
      fileOf(`{"x":${info("U8", [1], 0, 1)},"\\u0078":${info("U8", [1], 0, 1)}}`, 1),
      /names "x" twice/,
    ],
    [
      "a name of a million characters",
      fileOf(`{"${"n".repeat(1e6)}":${info("U8", [2], 0, 1)}}`, 1),
      /^.{120,400}$/,
    ],
    [
      "a tensor that ends before it begins",
      fileOf(`{"x":${info("F4", [2], 1, 0)}}`, 1),
      /before it begins/,
    ],
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
    ["metadata that is a list", fileOf(`{"__metadata__":[1]}`, 0), /__metadata__: /],
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
