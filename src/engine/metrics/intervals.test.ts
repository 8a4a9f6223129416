import { expect, test } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { jackknifeInterval, wilsonInterval } from "./intervals";
import { kidSums, kidWithInterval } from "./kid";
import { takeRows, toMatrix } from "./matrix";
import { leaveOneOut, mmdSquared, swapped } from "./mmd";

const WIDTH = 8;
const draw = (seed: number, count: number, shift = 0) =>
  toMatrix(
    randomNormal({ seed, stream: "interval" }, count * WIDTH).map((x) => x + shift),
    count,
    WIDTH,
  );

test("for a mean the jackknife is the textbook standard error", () => {
  const values = Float64Array.of(1, 4, 2, 8, 5);
  const total = values.reduce((sum, x) => sum + x, 0);
  const variance = values.reduce((sum, x) => sum + (x - total / 5) ** 2, 0) / 4;
  const { low, high } = jackknifeInterval(total / 5, [values.map((x) => (total - x) / 4)]);
  expect(high - low).toBeCloseTo(2 * 1.959963984540054 * Math.sqrt(variance / 5), 12);
});

test("leaving an image out by sums equals computing without it, on both sides", () => {
  const [x, y] = [draw(1, 7), draw(2, 5, 0.5)];
  const sums = [kidSums(x, x), kidSums(y, y), kidSums(x, y)] as const;
  const withoutX = takeRows(x, [0, 1, 2, 4, 5, 6]);
  const withoutY = takeRows(y, [0, 1, 2, 3]);
  const [xx, yy, xy] = sums;
  const expectedX = mmdSquared(kidSums(withoutX, withoutX), yy, kidSums(withoutX, y), "unbiased");
  const expectedY = mmdSquared(xx, kidSums(withoutY, withoutY), kidSums(x, withoutY), "unbiased");
  expect(leaveOneOut(xx, yy, xy)[3]).toBeCloseTo(expectedX, 12);
  expect(leaveOneOut(yy, xx, swapped(xy))[4]).toBeCloseTo(expectedY, 12);
});

test.each([
  ["equal distributions", 0],
  ["a shifted model", 0.3],
])("the interval at 95 percent covers the true distance of %s", (_, shift) => {
  // E (x·y/d + 1)³ for normals of mean 0 and `shift`, by two large samples
  const [realBig, fakeBig] = [draw(1000, 3000), draw(1001, 3000, shift)];
  const truth =
    shift === 0
      ? 0
      : kidWithInterval(
          kidSums(realBig, realBig),
          kidSums(fakeBig, fakeBig),
          kidSums(realBig, fakeBig),
        ).value;
  const trials = 200;
  let covered = 0;
  for (let trial = 0; trial < trials; trial++) {
    const [x, y] = [draw(2 * trial, 60), draw(2 * trial + 1, 40, shift)];
    const { low, high } = kidWithInterval(kidSums(x, x), kidSums(y, y), kidSums(x, y));
    if (low <= truth && truth <= high) covered++;
  }
  expect(covered / trials).toBeGreaterThanOrEqual(0.92);
});

test("a share's interval is Wilson's: within [0, 1] and not empty where none or all succeed", () => {
  // the interval's ends solve (p - share)² = z² p (1 - p) / n
  const z = 1.959963984540054;
  for (const [successes, trials] of [
    [0, 10],
    [7, 10],
    [10, 10],
  ] as const) {
    const { value, low, high } = wilsonInterval(successes, trials);
    for (const p of [low, high]) {
      expect((p - value) ** 2).toBeCloseTo((z * z * p * (1 - p)) / trials, 12);
    }
    expect(low).toBeGreaterThanOrEqual(0);
    expect(high).toBeLessThanOrEqual(1);
    expect(high - low).toBeGreaterThan(0.2);
  }
});
