import { expect, test } from "vitest";
import { featureSpaceWidth, frechetLabel } from "./featureSpaces";

test("only Inception's distance is called FID, and every distance says its n", () => {
  expect(frechetLabel("inception-v3", 2048)).toBe("FID (Inception), n = 2048");
  expect(frechetLabel("dinov2-b", 512)).toBe("Fréchet distance (dinov2-b, token mean), n = 512");
});

test("a space is as wide as an image's vector in it", () => {
  expect([featureSpaceWidth("tiny-vit"), featureSpaceWidth("inception-v3")]).toEqual([128, 2048]);
});
