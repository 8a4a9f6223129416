import fc from "fast-check";
import { expect, test } from "vitest";
import { FEATURE_SPACE_IDS } from "../../../common/catalogue/featureSpaces";
import { frechetName, fullWarning, sampleMetricName } from "./sampleLabels";

test("nothing below 50,000 samples, and nothing outside Inception's space, is called FID-50K", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...FEATURE_SPACE_IDS),
      fc.integer({ min: 1, max: 60_000 }),
      (space, n) => {
        const name = frechetName(space, n);
        expect(name.includes("FID-50K")).toBe(space === "inception-v3" && n >= 50_000);
        expect(name.includes("FID")).toBe(space === "inception-v3");
        expect(sampleMetricName("kid", space, n)).not.toContain("FID");
      },
    ),
  );
});

test("an Inception distance of few samples carries its count", () => {
  expect(frechetName("inception-v3", 2048)).toBe("FID (Inception), n = 2048");
  expect(frechetName("tiny-vit", 50_000)).toBe("Fréchet, full (tiny-vit, token mean)");
});

test("a full distance of too few samples a dimension says with its numbers why it is not trusted", () => {
  const few = { fullTrusted: false, sampleCount: 256, width: 128 };
  expect(fullWarning(few)).toContain("256 samples for 128 dimensions: below 5");
  expect(fullWarning({ ...few, fullTrusted: true })).toBeNull();
});
