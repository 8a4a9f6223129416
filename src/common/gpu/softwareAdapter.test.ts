import { expect, test } from "vitest";
import { isSoftwareAdapter } from "./softwareAdapter";

const GPU = { vendor: "nvidia", architecture: "ampere", device: "", description: "" };

test("what the browser says of an adapter counts, whatever its name", () => {
  expect(isSoftwareAdapter({ ...GPU, isFallbackAdapter: true })).toBe(true);
  expect(isSoftwareAdapter({ ...GPU, description: "software", isFallbackAdapter: false })).toBe(
    false,
  );
});

test.each([
  { vendor: "google", architecture: "swiftshader" },
  { vendor: "mesa", architecture: "software", description: "llvmpipe: Mesa 25.0.7" },
  { vendor: "microsoft", architecture: "warp" },
  { description: "Microsoft Basic Render Driver" },
])("a browser that does not say it: $vendor $architecture $description", (facts) => {
  expect(isSoftwareAdapter({ ...GPU, ...facts })).toBe(true);
});

test("a browser that does not say it: a real GPU", () => {
  expect(isSoftwareAdapter(GPU)).toBe(false);
});
