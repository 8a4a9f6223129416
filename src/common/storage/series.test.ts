import fc from "fast-check";
import { expect, test } from "vitest";
import { emptySeries, MOST_POINTS, withSteps } from "./series";
import { unpackSteps } from "./stepRows";

const point = (step: number) => ({ step, velocityLoss: step, projLoss: 0, gradNorm: 1, stepMs: 1 });
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => point(first + i));

test("a series does not depend on how its steps came, nor on steps that came twice", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(400), fc.nat(60)), { maxLength: 40 }),
      fc.integer({ min: 1, max: 9000 }),
      (backs, length) => {
        let series = emptySeries;
        let at = 1;
        for (const [forth, back] of backs) {
          series = withSteps(series, range(at, at + forth));
          at = Math.max(1, at + forth - back); // cut, and resumed from a checkpoint
        }
        series = withSteps(series, range(at, at + length));
        const whole = withSteps(emptySeries, range(1, at + length));
        const last = series.points.at(-1)?.step ?? 0;
        expect(series.points).toEqual(
          range(1, last).filter(({ step }) => step % series.stride === 0),
        );
        expect(series.stride).toBeGreaterThanOrEqual(whole.stride);
        expect(series.points.length).toBeLessThanOrEqual(MOST_POINTS);
      },
    ),
    { numRuns: 60 },
  );
});

test("a long run keeps between half of the points and all of them", () => {
  let series = emptySeries;
  for (let first = 1; first <= 100_000; first += 50)
    series = withSteps(series, range(first, first + 49));
  expect(series.stride).toBe(128);
  expect(series.points).toHaveLength(781);
});

test("no spike and no hole is lost, however the steps came", () => {
  const spiky = (step: number, velocityLoss: number) => ({ ...point(step), velocityLoss });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 2500 }), fc.constantFrom(99, -99, NaN)), {
        selector: ([step]) => step,
        maxLength: 12,
      }),
      fc.integer({ min: 10, max: 400 }),
      (spikes, chunk) => {
        const at = new Map(spikes);
        const logged = range(1, 2500).map(({ step }) => spiky(step, at.get(step) ?? 0));
        let series = emptySeries;
        for (let first = 0; first < logged.length; first += chunk) {
          series = withSteps(series, logged.slice(first, first + chunk));
          if (first > chunk) series = withSteps(series, logged.slice(first - 5, first + 3)); // resumed
        }
        const { stride } = series;
        const ends = series.extremes ? unpackSteps(series.extremes) : [];
        expect(stride).toBe(4);
        expect(ends.length).toBe(2 * (Math.floor(2500 / stride) + 1));
        for (let i = 0; i < ends.length; i += 2) {
          const [low, high] = [ends[i], ends[i + 1]];
          const values = logged
            .filter(({ step }) => step - (step % stride) === low?.step)
            .map(({ velocityLoss }) => velocityLoss);
          const finite = values.filter(Number.isFinite);
          expect(high?.velocityLoss).toBe(
            finite.length < values.length ? NaN : Math.max(...values),
          );
          expect(low?.velocityLoss).toBe(finite.length > 0 ? Math.min(...finite) : NaN);
        }
      },
    ),
    { numRuns: 15 },
  );
});
