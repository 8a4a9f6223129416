import { expect, test } from "vitest";
import { goldenTensorOf, loadGolden } from "../../../test/golden";
import { toMatrix } from "./matrix";
import { featureColours } from "./pcaColours";

test("the colours are the golden's min-max rendering, to the level", () => {
  const { tensors } = loadGolden("metrics/pca");
  const features = goldenTensorOf(tensors, "features", "F32");
  const want = goldenTensorOf(tensors, "all_patches.rgb_minmax", "F64").data;
  const { rgb, explained } = featureColours(toMatrix(features.data, 256, 24));
  expect([...rgb]).toEqual(Array.from(want, (value) => Math.round(255 * value)));
  expect(explained).toBeGreaterThan(0);
  expect(explained).toBeLessThanOrEqual(1);
});

test("three numbers a token are explained whole, and tokens that do not vary are grey", () => {
  const values = Float64Array.from({ length: 30 }, (_, i) => Math.sin(i * i));
  expect(featureColours(toMatrix(values, 10, 3)).explained).toBeCloseTo(1, 10);
  const { rgb, explained } = featureColours(toMatrix(new Float64Array(30).fill(2), 10, 3));
  expect(rgb.every((value) => value === 128)).toBe(true);
  expect(explained).toBe(0);
});
