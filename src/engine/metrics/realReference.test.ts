import { expect, test } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { kid } from "./kid";
import { frechetDistance, frechetTopComponents } from "./frechet";
import { toMatrix, type Matrix } from "./matrix";
import { principalComponents } from "./pca";
import { realReferenceWork } from "./realReference";
import { finish } from "./work";

const WIDTH = 40;

/** Normal features with a decaying spectrum, shifted and scaled like an imperfect model's. */
function features(seed: number, count: number, { shift = 0, scale = 1 } = {}): Matrix {
  const noise = randomNormal({ seed, stream: "test" }, count * WIDTH);
  const values = noise.map((x, at) => (scale * x) / Math.sqrt(1 + (at % WIDTH)) + shift);
  return toMatrix(values, count, WIDTH);
}

const real = features(1, 600);
const referenceOf = (set: Matrix, seed: number) => finish(realReferenceWork(set, seed));
const reference = referenceOf(real, 7);

test("KID is the whole-set estimate x 1000 and its interval holds it", () => {
  const generated = features(2, 100, { shift: 0.3 });
  const found = finish(reference.compare(generated));
  expect(found.kid).toBeCloseTo(1000 * kid(real, generated), 9);
  expect(found.kidLow).toBeLessThan(found.kid);
  expect(found.kidHigh).toBeGreaterThan(found.kid);
  expect(found).toMatchObject({ sampleCount: 100, referenceCount: 600, components: 32 });
});

test("a perfect model scores about the floors, a shifted and a collapsed one score above", () => {
  const perfect = finish(reference.compare(features(3, 150)));
  expect(perfect.kidLow).toBeLessThan(0);
  expect(perfect.kidHigh).toBeGreaterThan(0);
  expect(perfect.frechetTop / perfect.frechetFloor).toBeCloseTo(1, 0);
  const shifted = finish(reference.compare(features(3, 150, { shift: 0.3 })));
  expect(shifted.kidLow).toBeGreaterThan(0);
  expect(shifted.frechetTop).toBeGreaterThan(1.5 * perfect.frechetTop);
  const collapsed = finish(reference.compare(features(3, 150, { scale: 0.4 })));
  expect(collapsed.frechetTop).toBeGreaterThan(1.5 * perfect.frechetTop);
});

test("more samples than half the real images: both sides shrink and the count says so", () => {
  const found = finish(reference.compare(features(4, 500)));
  expect(found).toMatchObject({ sampleCount: 500, pairCount: 300 });
  expect(finish(reference.floors(500))).toEqual(finish(reference.floors(300)));
});

test("one seed gives the same floors, another seed others", () => {
  const floors = finish(reference.floors(100));
  expect(finish(referenceOf(real, 7).floors(100))).toEqual(floors);
  expect(finish(referenceOf(real, 8).floors(100)).frechetFloor).not.toBe(floors.frechetFloor);
});

test("all components of a full basis give the plain Fréchet distance", () => {
  const [x, y] = [features(5, 90), features(6, 80, { shift: 0.2 })];
  const basis = principalComponents(real, WIDTH);
  expect(frechetTopComponents(x, y, basis)).toBeCloseTo(frechetDistance(x, y), 9);
});

test("widths, counts and values that cannot be compared are refused with their numbers", () => {
  const narrow = toMatrix(new Float64Array(20), 10, 2);
  expect(() => finish(reference.compare(narrow))).toThrow(/width 2 .*width 40/);
  expect(() => finish(reference.compare(features(2, 3)))).toThrow(/3 generated images/);
  expect(() => referenceOf(features(2, 3), 1)).toThrow(/3 real images/);
  expect(() => toMatrix([1, NaN], 1, 2)).toThrow(/Feature 1 of row 0 is NaN/);
  expect(() => toMatrix([1, 2, 3], 2, 2)).toThrow(/3 values .*\[2, 2\]/);
});
