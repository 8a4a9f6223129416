import fc from "fast-check";
import { expect, test } from "vitest";
import { linearSchedule, spacedSchedule, spacedSteps, stridedSteps } from "./ddpmSchedule";
import { sampleSteps, sayStep, stepOfTime, timeOfStep } from "./ddpmTime";

test("a spacing keeps as many steps as asked, ascending, with both ends", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 1000 }), (count) => {
      const kept = spacedSteps(1000, [count]);
      expect(kept).toHaveLength(count);
      expect([kept[0], kept.at(-1)]).toEqual([0, 999]);
      expect(kept.every((step, i) => i === 0 || step > (kept[i - 1] ?? Infinity))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("a spaced diffusion has the noise of the steps it keeps, and all steps are the diffusion itself", () => {
  const full = linearSchedule();
  const kept = spacedSteps(1000, [25]);
  const spaced = spacedSchedule(full, kept);
  expect([...spaced.timesteps]).toEqual(kept);
  kept.forEach((step, i) => {
    expect(spaced.alphasCumprod[i]).toBeCloseTo(full.alphasCumprod[step] ?? NaN, 12);
  });
  const all = spacedSchedule(full, spacedSteps(1000, [1000]));
  expect(all.betas).toBeAllClose(full.betas, { atol: 1e-13 });
});

test("more steps than there are, or a stride that is none, are refused with both numbers", () => {
  expect(() => spacedSteps(10, [11])).toThrow(/11 sampling steps.*10/);
  expect(() => stridedSteps(1000, 999)).toThrow(/999 sampling steps.*1000/);
});

test.each(["linear", "cosine"] as const)(
  "the step of a step's own time on the %s path is that step, and noisier times have later ones",
  (path) => {
    const schedule = linearSchedule();
    for (const step of [0, 1, 57, 500, 998, 999]) {
      expect(stepOfTime(schedule, path, timeOfStep(schedule, path, step)).step).toBe(step);
    }
    const steps = [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1].map((t) => stepOfTime(schedule, path, t).step);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect([steps[0], steps.at(-1)]).toEqual([0, 999]);
  },
);

test("t = 0.5 has as much signal as noise on both paths, and says its step", () => {
  const schedule = linearSchedule();
  const { step, time } = stepOfTime(schedule, "linear", 0.5);
  expect(Math.abs((schedule.alphasCumprod[step] ?? 0) - 0.5)).toBeLessThan(0.003);
  expect(time).toBeCloseTo(0.5, 2);
  expect(stepOfTime(schedule, "cosine", 0.5).step).toBe(step);
  expect(sayStep("linear", 0.5)).toBe(`step ${step} of 1,000`);
});

test("training steps are whole, cover the range evenly and depend on the key alone", () => {
  const key = { seed: 3, stream: "train/ddpmStep", index: 1 };
  const steps = sampleSteps(key, 20_000, 1000);
  expect(steps).toEqual(sampleSteps(key, 20_000, 1000));
  expect(steps).not.toEqual(sampleSteps({ ...key, index: 2 }, 20_000, 1000));
  expect(steps.every((step) => Number.isInteger(step) && step >= 0 && step < 1000)).toBe(true);
  const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
  expect(Math.abs(mean - 499.5)).toBeLessThan(8); // four standard errors
});
