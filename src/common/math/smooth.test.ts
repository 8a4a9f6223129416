import { expect, test } from "vitest";
import { averageAfter, exponentialSmooth } from "./smooth";

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

test("a curve in two parts is smoothed as the whole, and nothing goes on from nothing", () => {
  const values = [1, 5, NaN, 2, 8, 3];
  const places = [2, 4, 6, 7, 8, 9];
  const whole = exponentialSmooth(values, 6, 0.8, places);
  const before = averageAfter(values, 3, 0.8, places);
  const rest = exponentialSmooth(values.slice(3), 3, 0.8, places.slice(3), before);
  expect([...rest]).toEqual([...whole.slice(3)]);
  expect(averageAfter([], 0, 0.8, [], before)).toBe(before);
  expect(averageAfter([], 0, 0.8, [])).toBeUndefined();
});
