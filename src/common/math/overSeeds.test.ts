import { expect, test } from "vitest";
import { overSeeds, student95 } from "./overSeeds";

test("Student's 95 % points are those of the tables", () => {
  expect(student95(1)).toBe(12.706);
  expect(student95(10)).toBe(2.228);
  expect(student95(11)).toBeCloseTo(2.201, 2);
  expect(student95(20)).toBeCloseTo(2.086, 2);
  expect(student95(1000)).toBeCloseTo(1.962, 3);
});

test("a mean has an interval once there are two values", () => {
  expect(overSeeds([3])).toEqual({ mean: 3, half: null });
  expect(overSeeds([1, 2]).half).toBeCloseTo(12.706 * 0.5, 10);
  const { mean, half } = overSeeds([9, 11, 10]);
  expect(mean).toBe(10);
  expect(half).toBeCloseTo(4.303 / Math.sqrt(3), 9);
});
