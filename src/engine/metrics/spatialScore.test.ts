import { expect, test } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { spatialScore } from "./spatialScore";

/** One picture of 8 x 8 tokens of two numbers. */
const picture = (token: (row: number, column: number) => [number, number]) =>
  Float32Array.from(Array.from({ length: 64 }, (_, t) => token(Math.floor(t / 8), t % 8)).flat());

test("tokens that are all the same score 0, whatever their length", () => {
  const { score, near, distant } = spatialScore(
    picture((row) => [3 + row, 0]),
    8,
    2,
  );
  expect(near).toBeCloseTo(1, 12);
  expect(distant).toBeCloseTo(1, 12);
  expect(score).toBeCloseTo(0, 12);
});

test("two halves with orthogonal tokens: near and distant pairs are counted as by hand", () => {
  const { near, distant, distance } = spatialScore(
    picture((_, column) => (column < 4 ? [1, 0] : [0, 1])),
    8,
    2,
  );
  // 112 neighbouring pairs, of which 8 cross the middle
  expect(near).toBeCloseTo(104 / 112, 12);
  let [same, all] = [0, 0];
  for (let a = 0; a < 64; a++) {
    for (let b = 0; b < 64; b++) {
      const apart = Math.abs((a >> 3) - (b >> 3)) + Math.abs((a & 7) - (b & 7));
      if (apart < 6) continue;
      all++;
      if ((a & 7) < 4 === (b & 7) < 4) same++;
    }
  }
  expect(distance).toBe(6);
  expect(distant).toBeCloseTo(same / all, 12);
});

test("tokens without any order score about 0; the mean is over pictures", () => {
  const noise = randomNormal({ seed: 1, stream: "test/tokens" }, 20 * 64 * 32);
  expect(Math.abs(spatialScore(noise, 8, 32).score)).toBeLessThan(0.02);
  const one = spatialScore(noise.subarray(0, 64 * 32), 8, 32).score;
  const two = spatialScore(noise.subarray(64 * 32, 2 * 64 * 32), 8, 32).score;
  const both = spatialScore(noise.subarray(0, 2 * 64 * 32), 8, 32).score;
  expect(both).toBeCloseTo((one + two) / 2, 10);
});

test("small grids use the largest distance they have; no picture is refused", () => {
  expect(spatialScore(new Float32Array(4).fill(1), 2, 1).distance).toBe(2);
  expect(() => spatialScore(new Float32Array(0), 8, 2)).toThrow(/0 numbers/);
  expect(() => spatialScore(new Float32Array(7), 2, 1)).toThrow(/7 numbers/);
});
