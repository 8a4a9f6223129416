import type { StepResult } from "./variant";

type Losses = StepResult["losses"];

/** Largest difference of one step's losses: of the velocity loss relative, of the cosine (at most 1) absolute. */
const lossDifference = (a: Losses, b: Losses): number =>
  Math.max(Math.abs(a[0] - b[0]) / Math.abs(b[0]), Math.abs(a[1] - b[1]));

/** The largest difference over the steps both have, at most `steps` of them; NaN when a loss is. */
export function largestDifference(
  losses: readonly Losses[],
  expected: readonly Losses[],
  steps = Infinity,
): number {
  const count = Math.min(losses.length, expected.length, steps);
  return losses.slice(0, count).reduce((largest, loss, i) => {
    const other = expected[i];
    return other ? Math.max(largest, lossDifference(loss, other)) : largest;
  }, 0);
}
