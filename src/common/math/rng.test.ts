import { expect, test } from "vitest";
import { philox4x32, randomNormal, randomPermutation, randomUint32, randomUniform } from "./rng";

/** Known values of the Random123 library's Philox4x32-10. */
test("philox equals the published test vectors", () => {
  const block = (counter: [number, number, number, number], key: [number, number]) => {
    const out = new Uint32Array(4);
    philox4x32(counter, key, out);
    return [...out].map((word) => word.toString(16).padStart(8, "0"));
  };
  const ones = 0xffffffff;
  expect(block([0, 0, 0, 0], [0, 0])).toEqual(["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]);
  expect(block([ones, ones, ones, ones], [ones, ones])).toEqual([
    "408f276d",
    "41c83b0e",
    "a20bc7c6",
    "6d5451fd",
  ]);
  expect(block([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual(
    ["d16cfe09", "94fdcceb", "5001e420", "24126ea1"],
  );
});

test("a value depends on its key and position, not on how many are drawn", () => {
  const key = { seed: 1, stream: "a", index: 5 };
  expect(randomUint32(key, 7)).toEqual(randomUint32(key, 100).subarray(0, 7));
  expect(randomNormal(key, 7)).toEqual(randomNormal(key, 100).subarray(0, 7));
});

test("seed, stream and index each give other numbers", () => {
  const base = { seed: 1, stream: "a", index: 0 };
  const others = [
    { ...base, seed: 2 },
    { ...base, stream: "b" },
    { ...base, index: 1 },
  ];
  for (const other of others) expect(randomUint32(other, 4)).not.toEqual(randomUint32(base, 4));
});

test("uniforms stay inside the open interval and have the right moments", () => {
  const values = randomUniform({ seed: 3, stream: "u" }, 100_000);
  expect(Math.min(...values.slice(0, 5000))).toBeGreaterThan(0);
  expect(Math.max(...values.slice(0, 5000))).toBeLessThan(1);
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.004); // four standard errors
});

test("normals have mean 0, variance 1 and the tails of a normal", () => {
  const values = randomNormal({ seed: 3, stream: "n" }, 100_000);
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + x * x, 0) / values.length;
  const outside = values.filter((x) => Math.abs(x) > 1.959964).length / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.013);
  expect(Math.abs(variance - 1)).toBeLessThan(0.018);
  expect(Math.abs(outside - 0.05)).toBeLessThan(0.003);
});

test("a permutation holds every number once", () => {
  const order = randomPermutation({ seed: 9, stream: "p" }, 1000);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect([...order.subarray(0, 5)]).not.toEqual([0, 1, 2, 3, 4]);
});
