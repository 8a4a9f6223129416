import { expect } from "vitest";

export interface Tolerance {
  readonly atol: number;
  readonly rtol?: number;
}

type Numbers = ArrayLike<number>;

/** The largest |got - want| and the largest excess over atol + rtol |want|. NaN counts as infinite. */
export function worstDifference(got: Numbers, want: Numbers, { atol, rtol = 0 }: Tolerance) {
  let error = 0;
  let excess = -Infinity;
  for (let i = 0; i < want.length; i++) {
    const difference = Math.abs((got[i] ?? NaN) - (want[i] ?? NaN));
    const finite = Number.isNaN(difference) ? Infinity : difference;
    error = Math.max(error, finite);
    excess = Math.max(excess, finite - (atol + rtol * Math.abs(want[i] ?? 0)));
  }
  return { error, excess };
}

/** One matcher for every numerical test: same length, and each element within atol + rtol |want|. */
export function extendWithTolerance(): void {
  expect.extend({
    toBeAllClose(received: Numbers, expected: Numbers, tolerance: Tolerance) {
      const { error, excess } = worstDifference(received, expected, tolerance);
      const sameLength = received.length === expected.length;
      return {
        pass: sameLength && excess <= 0,
        message: () =>
          sameLength
            ? `largest difference ${error} with tolerance ${JSON.stringify(tolerance)}`
            : `length ${received.length}, expected ${expected.length}`,
      };
    },
  });
}

declare module "vitest" {
  interface Assertion {
    toBeAllClose(expected: Numbers, tolerance: Tolerance): void;
  }
}
