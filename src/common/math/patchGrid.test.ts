import { expect, test } from "vitest";
import { imageSideFor, patchGridSide, squareGridSide } from "./patchGrid";

test("patches tile the image or are refused with both numbers", () => {
  expect(patchGridSide(64, 8)).toBe(8);
  expect(patchGridSide(imageSideFor(16, 14), 14)).toBe(16);
  expect(() => patchGridSide(64, 14)).toThrow(/64 px .* 14 px/);
  expect(() => patchGridSide(0, 8)).toThrow(/0 px/);
});

test("only square token counts have a grid", () => {
  expect([1, 64, 65, 0].map(squareGridSide)).toEqual([1, 8, undefined, undefined]);
});
