import fc from "fast-check";
import { expect, test } from "vitest";
import { emptySeries, MOST_POINTS, withSteps } from "./series";

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
