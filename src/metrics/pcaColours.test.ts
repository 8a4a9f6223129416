import { expect, test } from "vitest";
import { goldenTensorOf, loadGolden } from "../../test/golden";
import { toMatrix } from "./matrix";
import { pcaColours } from "./pcaColours";

test("the colours are the golden's min-max rendering, to the level", () => {
  const { tensors } = loadGolden("metrics/pca");
  const features = goldenTensorOf(tensors, "features", "F32");
  const want = goldenTensorOf(tensors, "all_patches.rgb_minmax", "F64").data;
  const { rgb, explained } = pcaColours(toMatrix(features.data, 256, 24));
  expect([...rgb]).toEqual(Array.from(want, (value) => Math.round(255 * value)));
  expect(explained).toBeGreaterThan(0);
  expect(explained).toBeLessThanOrEqual(1);
});

test("three numbers a token are explained whole, and tokens that do not vary are black", () => {
  const values = Float64Array.from({ length: 30 }, (_, i) => Math.sin(i * i));
  expect(pcaColours(toMatrix(values, 10, 3)).explained).toBeCloseTo(1, 10);
  const { rgb, explained } = pcaColours(toMatrix(new Float64Array(30).fill(2), 10, 3));
  expect(rgb.every((value) => value === 0)).toBe(true);
  expect(explained).toBe(0);
});
