import { expect, test } from "vitest";
import { colourDifference } from "./gridsPicture";

test("a difference is that of colours: opaque, of either sign, and 0 between equal pictures", () => {
  const a = Uint8ClampedArray.of(10, 200, 0, 255, 1, 1, 1, 255);
  const b = Uint8ClampedArray.of(30, 100, 0, 255, 1, 1, 1, 255);
  expect([...colourDifference(a, b).pixels]).toEqual([20, 100, 0, 255, 0, 0, 0, 255]);
  expect(colourDifference(a, b).mean).toBe(20);
  expect(colourDifference(b, a)).toEqual(colourDifference(a, b));
  expect(colourDifference(a, a).mean).toBe(0);
});
