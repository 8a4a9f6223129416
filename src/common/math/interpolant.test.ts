import fc from "fast-check";
import { expect, test } from "vitest";
import { interpolant, scoreCoefficients } from "./interpolant";
import { linspace } from "./linspace";
import { sampleTimes } from "./timeSampling";

const PATHS = ["linear", "cosine"] as const;
const time = fc.double({ min: 0.01, max: 0.99, noNaN: true });

test.each(PATHS)("%s: data at t = 0, noise at t = 1", (path) => {
  expect(interpolant(path, 0)).toMatchObject({ alpha: 1, sigma: 0 });
  expect(interpolant(path, 1).alpha).toBeCloseTo(0, 12);
  expect(interpolant(path, 1).sigma).toBe(1);
});

test.each(PATHS)("%s: dAlpha and dSigma are the derivatives", (path) => {
  fc.assert(
    fc.property(time, (t) => {
      const h = 1e-5;
      const [low, high] = [interpolant(path, t - h), interpolant(path, t + h)];
      const { dAlpha, dSigma } = interpolant(path, t);
      expect((high.alpha - low.alpha) / (2 * h)).toBeCloseTo(dAlpha, 7);
      expect((high.sigma - low.sigma) / (2 * h)).toBeCloseTo(dSigma, 7);
    }),
  );
});

test.each(PATHS)("%s: the score of a point mass at 0 is -x / sigma²", (path) => {
  fc.assert(
    fc.property(time, (t) => {
      // x* = 0, so x_t = sigma eps and v = sigma' eps; the score is -eps / sigma
      const { sigma, dSigma } = interpolant(path, t);
      const { onVelocity, onState } = scoreCoefficients(path, t);
      expect(sigma * (onVelocity * dSigma + onState * sigma)).toBeCloseTo(-1, 8);
    }),
  );
});

test("linspace hits both ends and is even", () => {
  expect([...linspace(1, 0, 5)]).toEqual([1, 0.75, 0.5, 0.25, 0]);
  expect([...linspace(1, 0.04, 1)]).toEqual([1]);
});

test.each(PATHS)("%s: both time laws stay inside (0, 1), repeat, and have median 1/2", (path) => {
  for (const law of ["uniform", "lognormal"] as const) {
    const times = sampleTimes({ seed: 3, stream: "t" }, 4001, law, path).sort();
    expect(times[0]).toBeGreaterThan(0);
    expect(times.at(-1)).toBeLessThan(1);
    expect(Math.abs((times[2000] ?? NaN) - 0.5)).toBeLessThan(0.03);
    expect(sampleTimes({ seed: 3, stream: "t" }, 4001, law, path).sort()).toEqual(times);
  }
});

test("log-normal times are the logistic and the arctangent of one normal", () => {
  const key = { seed: 3, stream: "t" };
  const linear = sampleTimes(key, 50, "lognormal", "linear");
  const cosine = sampleTimes(key, 50, "lognormal", "cosine");
  linear.forEach((t, i) => {
    expect(Math.tan((Math.PI / 2) * (cosine[i] ?? NaN))).toBeCloseTo(t / (1 - t), 3);
  });
});
