import fc from "fast-check";
import { expect, test } from "vitest";
import { bfloat16ToFloat32, float32ToHalf, fromHalfBits, halfToFloat32, toHalfBits } from "./half";

test("every float16 survives the way to float32 and back", () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = fromHalfBits(bits);
    if (Number.isNaN(value)) expect(Number.isNaN(fromHalfBits(toHalfBits(value)))).toBe(true);
    else if (toHalfBits(value) !== bits)
      throw new Error(`${bits} came back as ${toHalfBits(value)}`);
  }
});

test("rounding goes to a nearest neighbour, ties to even", () => {
  fc.assert(
    fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
      const bits = toHalfBits(value);
      const error = Math.abs(fromHalfBits(bits) - value);
      for (const neighbour of [bits - 1, bits + 1]) {
        if ((neighbour & 0x8000) !== (bits & 0x8000) || (neighbour & 0x7fff) >= 0x7c00) continue;
        expect(error).toBeLessThanOrEqual(Math.abs(fromHalfBits(neighbour) - value));
      }
    }),
  );
  expect(toHalfBits(1 + 2 ** -11)).toBe(toHalfBits(1)); // a tie: the even mantissa wins
  expect(toHalfBits(1 + 3 * 2 ** -11)).toBe(toHalfBits(1 + 2 ** -9));
});

test("too large becomes infinity, the rounding edge included", () => {
  expect(fromHalfBits(toHalfBits(65519))).toBe(65504);
  expect(fromHalfBits(toHalfBits(65520))).toBe(Infinity);
  expect(fromHalfBits(toHalfBits(-1e9))).toBe(-Infinity);
});

test("arrays go through the same conversion", () => {
  const values = Float32Array.of(0.1, -2, 3e-8, 1e5);
  const there = halfToFloat32(float32ToHalf(values));
  expect([...there]).toEqual([...values].map((value) => fromHalfBits(toHalfBits(value))));
});

test("bfloat16 is the upper half of a float32", () => {
  const bits = Uint16Array.of(0x3f80, 0xc040, 0x7f80, 0x0000, 0x4049);
  expect([...bfloat16ToFloat32(bits)]).toEqual([1, -3, Infinity, 0, 3.140625]);
  expect(bfloat16ToFloat32(Uint16Array.of(0x7fc0))[0]).toBeNaN();
});
