import fc from "fast-check";
import { expect, test } from "vitest";
import { minMaxDecimate, minMaxIndices } from "./decimate";

const series = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
  minLength: 1,
  maxLength: 400,
});
const limit = fc.integer({ min: 4, max: 60 });

test("indices ascend strictly, stay in range, and never exceed the limit", () => {
  fc.assert(
    fc.property(series, limit, (values, maxPoints) => {
      const kept = minMaxIndices(values, values.length, maxPoints);
      expect(kept.length).toBeLessThanOrEqual(Math.max(maxPoints, 4));
      expect(kept[0]).toBe(0);
      expect(kept.at(-1)).toBe(values.length - 1);
      kept.forEach((index, position) => {
        if (position > 0) expect(index).toBeGreaterThan(kept[position - 1] ?? Infinity);
      });
    }),
  );
});

test("the extremes of the whole series survive", () => {
  fc.assert(
    fc.property(series, limit, (values, maxPoints) => {
      const kept = minMaxIndices(values, values.length, maxPoints).map((index) => values[index]);
      expect(kept).toContain(Math.max(...values));
      expect(kept).toContain(Math.min(...values));
    }),
  );
});

test("every single spike of a flat line survives, wherever it is", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 5_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      limit,
      fc.constantFrom(-5, 5),
      (length, place, maxPoints, height) => {
        const values = new Float64Array(length);
        const spike = Math.floor(place * length);
        values[spike] = height;
        expect(minMaxIndices(values, length, maxPoints)).toContain(spike);
      },
    ),
  );
});

test("a short series is kept whole, an empty one stays empty", () => {
  expect(minMaxIndices([3, 1, 2], 3, 4)).toEqual([0, 1, 2]);
  expect(minMaxIndices([], 0, 4)).toEqual([]);
});

test("a value that is not finite stays visible", () => {
  const values = Array.from({ length: 1000 }, (_, index) => Math.sin(index));
  values[500] = NaN;
  expect(minMaxIndices(values, values.length, 20)).toContain(500);
});

test("rows are thinned by the value given", () => {
  const rows = Array.from({ length: 100_000 }, (_, step) => ({ step, loss: step === 77 ? 9 : 1 }));
  const shown = minMaxDecimate(rows, (row) => row.loss, 600);
  expect(shown.length).toBeLessThanOrEqual(600);
  expect(shown).toContain(rows[77]);
});
