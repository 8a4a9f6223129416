import fc from "fast-check";
import { expect, test } from "vitest";
import { extent, linearScale, logScale, stepScale } from "./scale";

test("steps are labelled at whole nice numbers and the axis ends at the last step", () => {
  expect(stepScale(1234)).toEqual({ domain: [0, 1234], ticks: [0, 250, 500, 750, 1000] });
  expect(stepScale(3).ticks).toEqual([0, 1, 2, 3]);
  expect(stepScale(0).domain).toEqual([0, 1]);
});

test("a linear axis covers its values with two to eight ascending ticks", () => {
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(value, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (low, span) => {
      fc.pre(low + span > low);
      const { domain, ticks } = linearScale(low, low + span);
      expect(domain[0]).toBeLessThanOrEqual(low + span * 1e-6);
      expect(domain[1]).toBeGreaterThanOrEqual(low + span * (1 - 1e-6));
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(8);
    }),
  );
});

test("a flat line still has an axis around it", () => {
  const { domain } = linearScale(2, 2);
  expect(domain[0]).toBeLessThan(2);
  expect(domain[1]).toBeGreaterThan(2);
});

test("a logarithmic axis has 1-2-5 ticks in few decades and decades in many", () => {
  expect(logScale(0.15, 3).ticks).toEqual([0.2, 0.5, 1, 2]);
  expect(logScale(1e-4, 10).ticks).toEqual([0.0001, 0.001, 0.01, 0.1, 1, 10]);
  expect(logScale(1.1, 1.3).ticks.length).toBeGreaterThanOrEqual(2);
});

test("the extent skips what is not a number", () => {
  expect(extent([NaN, 3, null, -1, Infinity, undefined])).toEqual([-1, 3]);
  expect(extent([NaN])).toBeNull();
});
