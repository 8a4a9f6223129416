import { expect, test } from "vitest";
import { exponentialSmooth } from "./smooth";

test("weight 0 gives the values back", () => {
  expect([...exponentialSmooth([3, 1, 2], 3, 0)]).toEqual([3, 1, 2]);
});

test("a constant stays what it is from the first point on", () => {
  for (const value of exponentialSmooth([7, 7, 7, 7], 4, 0.9)) expect(value).toBeCloseTo(7, 12);
});

test("two values are averaged by their weights", () => {
  const smooth = exponentialSmooth([1, 3], 2, 0.5);
  expect(smooth[1]).toBeCloseTo((0.5 * 1 + 1 * 3) / 1.5, 12);
});

test("a value that is not finite is skipped", () => {
  expect([...exponentialSmooth([2, NaN, 2], 3, 0.5)]).toEqual([2, 2, 2]);
});

test("with weight 0 a value that is not finite repeats the one before it", () => {
  expect([...exponentialSmooth([2, NaN, 4], 3, 0)]).toEqual([2, 2, 4]);
});

test("over a gap of two steps the older point decays twice", () => {
  const smooth = exponentialSmooth([1, 3], 2, 0.5, [10, 12]);
  expect(smooth[1]).toBeCloseTo((0.25 * 1 + 3) / 1.25, 12);
});
