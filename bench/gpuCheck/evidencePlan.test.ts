import fc from "fast-check";
import { expect, test } from "vitest";
import { pairedDifference, planEvidence } from "./evidencePlan";

const MINUTE_MS = 60_000;

test("a quick card has three pairs of many steps, and more pairs once they have all they can use", () => {
  const cost = { stepMs: 4, evaluationMs: 1_000, startMs: 1_000 };
  const usual = planEvidence(2 * MINUTE_MS, cost);
  expect(usual?.pairs).toBe(3);
  expect(usual?.steps).toBeGreaterThan(2_500);
  const long = planEvidence(30 * MINUTE_MS, cost);
  expect(long?.steps).toBe(10_000);
  expect(long?.pairs).toBeGreaterThan(3);
});

test("a slow one has one pair of as many steps as fit, or says that none fits", () => {
  const cost = { stepMs: 2_000, evaluationMs: 10_000, startMs: 5_000 };
  expect(planEvidence(6 * MINUTE_MS, cost)).toEqual({ pairs: 1, steps: 50, metricsEvery: 10 });
  expect(planEvidence(MINUTE_MS, cost)).toBeUndefined();
});

test("a plan fits, ends with a measurement, and a longer time never gives less work", () => {
  const costs = fc.record({
    stepMs: fc.double({ min: 0.5, max: 3000, noNaN: true }),
    evaluationMs: fc.double({ min: 10, max: 20_000, noNaN: true }),
    startMs: fc.double({ min: 0, max: 20_000, noNaN: true }),
  });
  fc.assert(
    fc.property(costs, fc.integer({ min: 1_000, max: 3_600_000 }), (cost, leftMs) => {
      const plan = planEvidence(leftMs, cost);
      if (!plan) return;
      const { pairs, steps, metricsEvery } = plan;
      expect(steps % metricsEvery).toBe(0);
      const runMs = cost.startMs + steps * cost.stepMs + (steps / metricsEvery) * cost.evaluationMs;
      expect(2 * pairs * runMs).toBeLessThanOrEqual(leftMs);
      expect(steps).toBeLessThanOrEqual(10_000);
    }),
  );
});

test("the interval of paired differences", () => {
  expect(pairedDifference([3])).toEqual({ mean: 3, half: null });
  const { mean, half } = pairedDifference([-14, -14.8, 1]);
  expect(mean).toBeCloseTo(-9.267, 3);
  expect(half).toBeCloseTo(22.1, 1);
});
